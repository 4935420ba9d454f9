#!/usr/bin/env bash
# Run in the hub: makes a volume for each PersistentVolumeClaim of StorageClass "standard", and removes it with the claim.
# All nodes see the same folders, so a volume follows its pod, as a network disk does. They are "local" volumes: unlike
# hostPath ones they honour fsGroup; fresh ones belong to root.
set -euo pipefail
folder=/tmp/$KUBE_NAME-volumes

claims() {
  kubectl get pvc -A -w -o 'jsonpath={.metadata.uid} {.metadata.namespace} {.metadata.name} {.status.phase} {.spec.storageClassName} {.spec.resources.requests.storage} {.spec.accessModes[0]}{"\n"}' |
    while read -r uid namespace name phase class size mode; do
      [ "$phase $class" = 'Pending standard' ] || continue
      # At a second event of the same claim it exists, with the owner and mode that kubelet has given it.
      mkdir -m 755 "$folder/pvc-$uid" 2>/dev/null || continue
      kubectl create -f - <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: {name: "pvc-$uid", annotations: {pv.kubernetes.io/provisioned-by: test/shared}}
spec:
  capacity: {storage: "$size"}
  accessModes: [$mode]
  storageClassName: standard
  persistentVolumeReclaimPolicy: Delete
  claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: "$namespace", name: "$name", uid: "$uid"}
  local: {path: "$folder/pvc-$uid"}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux]}]}]}}
YAML
    done
}
released() {
  kubectl get pv -w -o 'jsonpath={.metadata.name} {.status.phase} {.spec.storageClassName} {.spec.persistentVolumeReclaimPolicy}{"\n"}' |
    while read -r name phase rest; do
      [ "$phase $rest" = 'Released standard Delete' ] || continue
      rm -rf "${folder:?}/$name"
      kubectl delete pv "$name" --wait=false || true
    done
}
# A watch ends now and then, and at a restart of the API server.
while sleep 0.5; do claims || true; done &
while sleep 0.5; do released || true; done
