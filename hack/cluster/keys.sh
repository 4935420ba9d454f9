# Sourced by up.sh: the authority of the cluster, a certificate and a kubeconfig of each part, below $KUBE_STATE.
pki=$KUBE_STATE/pki

cert() { # cert NAME SUBJECT [SUBJECT-ALT-NAMES]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
    -keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 \
    -extfile <(
      echo keyUsage=digitalSignature
      echo extendedKeyUsage=serverAuth,clientAuth
      [ -z "${3:-}" ] || echo "subjectAltName=$3"
    ) -out "$pki/$1.crt" 2>/dev/null
}
kubeconfig() { # kubeconfig NAME: uses the certificate of that name
  cat >"$KUBE_STATE/conf/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "$api", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}}]
contexts: [{name: test, context: {cluster: test, user: $1}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$pki/$1.crt"), client-key-data: $(base64 -w0 "$pki/$1.key")}}]
YAML
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=cluster-ca \
  -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out "$pki/sa.key"
openssl ec -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
service=kubernetes.default.svc
cert apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,DNS:localhost,IP:$KUBE_SERVICES.0.1,IP:$hub_ip,IP:127.0.0.1"
cert apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
for user in admin:/O=system:masters/CN=admin controller-manager:/CN=system:kube-controller-manager \
  scheduler:/CN=system:kube-scheduler proxy:/CN=system:kube-proxy; do
  cert "${user%%:*}" "${user#*:}"
  kubeconfig "${user%%:*}"
done
for ((n = 1; n <= nodes; n++)); do
  cert "node$n" "/O=system:nodes/CN=system:node:node$n" "DNS:node$n,IP:$(node_ip "$n")"
  kubeconfig "node$n"
done
