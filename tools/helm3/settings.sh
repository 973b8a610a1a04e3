# Offline, helm template goes by these.
package=helm.sh/helm/v3/pkg/chartutil
ldflags="-X $package.k8sVersionMajor=1 -X $package.k8sVersionMinor=37"
