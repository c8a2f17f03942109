// Definitions of other projects' kinds, as they lie in their modules: nothing here is built.
module concierge.hotel/tests/definitions

go 1.25.0

require (
	github.com/cert-manager/cert-manager v1.19.1
	github.com/cloudnative-pg/cloudnative-pg v1.27.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.4.0
)
