// Package cloud plays Alibaba Cloud's side of the API: PrivateZone, ACR, STS
// and the metadata service of an ECS instance, as their documents and the types
// of alibaba-cloud-sdk-go describe them. It speaks to whatever client signs its
// requests as documented, and knows none of the product's code.
//
// Each rule names its source. What no document tells is marked "not documented":
// no test may take it for a promise of the real cloud.
//
// Faults are injected for an action or all of them: see [Fault].
package cloud
