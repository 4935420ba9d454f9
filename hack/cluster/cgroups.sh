# Sourced by node.sh: a branch of the cgroup tree for this node alone, or two kubelets would remove each other's pods.
cgroup=/$KUBE_NAME/$name

delegate() { # cgroup v2: each level hands the controllers down
  for dir in "" "/$KUBE_NAME"; do
    mkdir -p "/sys/fs/cgroup$dir"
    for controller in cpu cpuset memory pids io hugetlb; do
      echo "+$controller" >"/sys/fs/cgroup$dir/cgroup.subtree_control" 2>/dev/null || true
    done
  done
  mkdir -p "/sys/fs/cgroup$cgroup"
}
plant() { # cgroup v1: a branch in each tree; a new cpuset is empty and would hold no process
  for tree in /sys/fs/cgroup/*/; do mkdir -p "$tree$cgroup"; done
  for file in cpus mems; do
    for dir in "/$KUBE_NAME" "$cgroup"; do
      cat "/sys/fs/cgroup/cpuset/cpuset.$file" >"/sys/fs/cgroup/cpuset$dir/cpuset.$file"
    done
  done
}
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then delegate; else plant; fi
