# Sourced by machine.sh: the control plane.

# Everything that it stores may be lost: without fsync the API server is several times faster.
etcd --data-dir="$KUBE_STATE/etcd" --unsafe-no-fsync --logger=zap --log-level=warn >"$log/etcd.log" 2>&1 &
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="$hub_ip" --secure-port=6443 \
  --service-cluster-ip-range="$KUBE_SERVICES.0.0/16" --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --allow-privileged=true --client-ca-file="$pki/ca.crt" \
  --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
  --service-account-issuer=https://kubernetes.default.svc.cluster.local \
  --service-account-signing-key-file="$pki/sa.key" --service-account-key-file="$pki/sa.pub" \
  --kubelet-certificate-authority="$pki/ca.crt" --kubelet-client-certificate="$pki/apiserver-kubelet.crt" \
  --kubelet-client-key="$pki/apiserver-kubelet.key" --kubelet-preferred-address-types=InternalIP \
  >"$log/kube-apiserver.log" 2>&1 &
# The others exit when the API server is not there yet.
until kubectl --kubeconfig="$conf/admin.kubeconfig" get --raw /readyz >/dev/null 2>&1; do sleep 0.2; done
kube-controller-manager --kubeconfig="$conf/controller-manager.kubeconfig" --leader-elect=false \
  --use-service-account-credentials --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
  --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
  >"$log/kube-controller-manager.log" 2>&1 &
kube-scheduler --kubeconfig="$conf/scheduler.kubeconfig" --leader-elect=false >"$log/kube-scheduler.log" 2>&1 &
KUBECONFIG=$conf/admin.kubeconfig "$here/volumes.sh" >"$log/volumes.log" 2>&1 &
