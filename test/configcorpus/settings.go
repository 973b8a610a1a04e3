package configcorpus

// settings are mistakes of everything but the endpoints.
func settings(string) map[string]Mistake {
	return map[string]Mistake{
		"a newer version": {
			"v1alpha1", "v2", `apiVersion: Invalid value: "registry-failover.io/v2": must be registry-failover.io/v1alpha1`,
		},
		"source API without credentials": {
			"kind: Config", "kind: Config\nprivateZone: {source: API}",
			`privateZone.source: Invalid value: "API": needs cloud credentials: set credentials.provider, or use VPCDNS`,
		},
		"write-back without credentials": {
			"kind: Config", "kind: Config\nprivateZone: {writeBack: true}",
			`privateZone.writeBack: Invalid value: true: needs cloud credentials: set credentials.provider`,
		},
		"write-back without the cluster's VPC": {
			"cluster:\n  vpcID: vpc-bbbbb", "privateZone: {writeBack: true}\ncredentials: {provider: RRSA}\ncluster:",
			"cluster.vpcID: Required value: privateZone.writeBack needs it to choose this cluster's zone among same-named ones",
		},
		"a dry run of nothing": {
			"kind: Config", "kind: Config\nprivateZone: {dryRun: true}",
			`privateZone.dryRun: Invalid value: true: belongs to privateZone.writeBack: set that to true, too`,
		},
		"force without write-back": {
			"kind: Config", "kind: Config\nprivateZone: {force: true}",
			`privateZone.force: Invalid value: true: belongs to privateZone.writeBack: set that to true, too`,
		},
		"pull secrets without namespaces": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Check}",
			`pullSecrets.namespaces: Required value: list the namespaces, or write ["*"] for all`,
		},
		"all namespaces and one more": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Check, namespaces: [a, '*']}",
			`pullSecrets.namespaces[1]: Invalid value: "*": stands for all namespaces: remove the others`,
		},
		"Kubernetes' own namespace": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Derive, namespaces: [a, kube-system]}",
			`pullSecrets.namespaces[1]: Invalid value: "kube-system": is left alone, as its images are: remove it`,
		},
		"a namespace that is listed twice": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Derive, namespaces: [a, b, a]}",
			`pullSecrets.namespaces[2]: Invalid value: "a": stands at pullSecrets.namespaces[0] already: list each namespace once`,
		},
		"tokens where nothing is derived": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA}\npullSecrets: {mode: Check, namespaces: [a], mint: [a]}",
			`pullSecrets.mint: Forbidden: belongs to pullSecrets.mode Derive: set that, too`,
		},
		"tokens where pull secrets are left alone": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA}\npullSecrets: {mode: Off, mint: [a]}",
			`pullSecrets.mint: Forbidden: belongs to pullSecrets.mode Derive: set that, too`,
		},
		"tokens without credentials": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Derive, namespaces: ['*'], mint: [a]}",
			`pullSecrets.mint: Forbidden: needs cloud credentials: set credentials.provider`,
		},
		"tokens for all namespaces": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA}\npullSecrets: {mode: Derive, namespaces: ['*'], mint: ['*']}",
			`pullSecrets.mint[0]: Invalid value: "*": must be one of pullSecrets.namespaces, by its name: a token of an instance reads whatever the controller's credentials may`,
		},
		"tokens for another namespace": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA}\npullSecrets: {mode: Derive, namespaces: [a], mint: [a, b]}",
			`pullSecrets.mint[1]: Invalid value: "b": must be one of pullSecrets.namespaces, by its name: a token of an instance reads whatever the controller's credentials may`,
		},
		"tokens for Kubernetes' own namespace": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA}\npullSecrets: {mode: Derive, namespaces: ['*'], mint: [kube-system]}",
			`pullSecrets.mint[0]: Invalid value: "kube-system": must be one of pullSecrets.namespaces, by its name: a token of an instance reads whatever the controller's credentials may`,
		},
		"tokens twice": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA}\npullSecrets: {mode: Derive, namespaces: ['*'], mint: [a, a]}",
			`pullSecrets.mint[1]: Invalid value: "a": stands at pullSecrets.mint[0] already: list each namespace once`,
		},
		"break-glass where nothing is derived": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Check, namespaces: [a], breakGlass: glass}",
			`pullSecrets.breakGlass: Invalid value: "glass": belongs to pullSecrets.mode Derive: set that, too`,
		},
		"a break-glass Secret that is no name": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Derive, namespaces: [a], breakGlass: shop/glass}",
			`pullSecrets.breakGlass: Invalid value: "shop/glass": must be the name of a Secret`,
		},
		"a field of another provider": {
			"kind: Config", "kind: Config\ncredentials: {provider: RRSA, secretName: key}",
			`credentials.secretName: Forbidden: belongs to provider AccessKey or STS: remove it or change the provider`,
		},
		"an access key without its Secret": {
			"kind: Config", "kind: Config\ncredentials: {provider: AccessKey}",
			`credentials.secretName: Invalid value: "": must name the Secret that holds the key`,
		},
		"an unknown mode": {
			"kind: Config", "kind: Config\nnode: {hosts: Sometimes}",
			`node.hosts: Invalid value: "Sometimes": must be OnFailover, Always or Off`,
		},
		"connections to reset without a hosts file": {
			"kind: Config", "kind: Config\nnode: {hosts: Off, resetConnections: true}",
			`node.resetConnections: Invalid value: true: needs the hosts file, which leads the pulls elsewhere that are tried again: set node.hosts to OnFailover or Always`,
		},
		"pods to recreate without nodes that report": {
			"kind: Config", "kind: Config\nnode: {hosts: Off}\nfailover: {recreateStuckPods: true}",
			`failover.recreateStuckPods: Invalid value: true: needs the nodes' reports, which tell whether a new pod would pull from elsewhere: set node.hosts to OnFailover or Always`,
		},
		"a mode that is a number": {
			"kind: Config", "kind: Config\nnode: {hosts: 5}",
			`node.hosts: Invalid value: "5": must be OnFailover, Always or Off`,
		},
		"a health interval of zero": {
			"kind: Config", "kind: Config\nhealth: {interval: 0s}",
			`health.interval: Invalid value: "0s": must be a duration such as 5s`,
		},
		"no failure needed": {
			"kind: Config", "kind: Config\nhealth: {failures: 0}",
			`health.failures: Invalid value: 0: must be at least 1`,
		},
		"a canary by tag": {
			"kind: Config", "kind: Config\nhealth: {canary: 'demo/web:1'}",
			`health.canary: Invalid value: "demo/web:1": must be a repository and a digest without a host, such as demo/web@sha256:…`,
		},
		"a share above one": {
			"kind: Config", "kind: Config\nfailover: {readyShare: 95}",
			`failover.readyShare: Invalid value: 95: must be from 0 to 1; 0 asks for no images`,
		},
		"source API without the cluster's VPC": {
			"cluster:\n  vpcID: vpc-bbbbb", "privateZone: {source: API}\ncredentials: {provider: RRSA}\ncluster:",
			"cluster.vpcID: Required value: privateZone.source API needs it to choose this cluster's zone among same-named ones",
		},
		"a cluster domain with a final dot": {
			"cluster:", "cluster:\n  domain: cluster.local.",
			`cluster.domain: Invalid value: "cluster.local.": must be a lowercase DNS name without a final dot, such as cluster.local`,
		},
		"an unknown enforcement": {
			"kind: Config", "kind: Config\nadmission: {enforcement: Warn}",
			`admission.enforcement: Invalid value: "Warn": must be Enforce or Audit`,
		},
		"an unknown source": {
			"kind: Config", "kind: Config\nprivateZone: {source: DNS}",
			`privateZone.source: Invalid value: "DNS": must be VPCDNS or API`,
		},
		"an unknown failover mode": {
			"kind: Config", "kind: Config\nfailover: {mode: Auto}",
			`failover.mode: Invalid value: "Auto": must be Manual or Automatic`,
		},
		"an unknown mode of pull secrets": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Copy}",
			"pullSecrets.mode: Invalid value: \"Copy\": must be Derive, Check or Off\npullSecrets.namespaces: Required value: list the namespaces, or write [\"*\"] for all",
		},
		"an unknown provider": {
			"kind: Config", "kind: Config\ncredentials: {provider: Vault}",
			`credentials.provider: Invalid value: "Vault": must be None, RRSA, ECSRAMRole, AccessKey or STS`,
		},
		"a word that is empty": {
			"kind: Config", "kind: Config\nadmission: {enforcement: ''}",
			"admission.enforcement: Required value: write Enforce or Audit",
		},
		"a namespace that is no name": {
			"kind: Config", "kind: Config\npullSecrets: {mode: Check, namespaces: [My_Space]}",
			`pullSecrets.namespaces[0]: Invalid value: "My_Space": must be the name of a namespace, or "*" for all`,
		},
		"a timeout below zero": {
			"kind: Config", "kind: Config\nhealth: {timeout: -1s}",
			`health.timeout: Invalid value: "-1s": must be a duration such as 5s`,
		},
		"a slowness that is text but no duration": {
			"kind: Config", "kind: Config\nhealth: {slow: soon}",
			`health.slow: Invalid value: "soon": must be a duration such as 5s`,
		},
		"an answer that may come as late as its connection": {
			"kind: Config", "kind: Config\nhealth: {timeout: 3s, slow: 3s}",
			`health.slow: Invalid value: "3s": must be longer than health.timeout, 3s: an answer comes after a connection`,
		},
		"a connection that may take longer than an answer": {
			"kind: Config", "kind: Config\nhealth: {timeout: 6s}",
			`health.slow: Invalid value: "5s": must be longer than health.timeout, 6s: an answer comes after a connection`,
		},
		"a slowness below the time for a connection": {
			"kind: Config", "kind: Config\nhealth: {slow: 1.5s}",
			`health.slow: Invalid value: "1.5s": must be longer than health.timeout, 2s: an answer comes after a connection`,
		},
		"a dwell below zero": {
			"kind: Config", "kind: Config\nfailover: {dwell: -1s}",
			`failover.dwell: Invalid value: "-1s": must be a duration such as 10m; 0s for none`,
		},
		"a dwell without a unit": {
			"kind: Config", "kind: Config\nfailover: {dwell: 10}",
			`failover.dwell: Invalid value: "10": must be a duration such as 10m; 0s for none`,
		},
		"no success needed": {
			"kind: Config", "kind: Config\nhealth: {successes: 0}",
			"health.successes: Invalid value: 0: must be at least 1",
		},
		"no switch allowed": {
			"kind: Config", "kind: Config\nfailover: {maxPerDay: 0}",
			"failover.maxPerDay: Invalid value: 0: must be at least 1",
		},
	}
}
