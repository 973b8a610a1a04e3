package saferules

// A Name names a rule, for --override and for docs/failover.md. It never changes its meaning.
type Name string

// The rules.
const (
	TargetHealthy      Name = "target-healthy"
	TargetReady        Name = "target-ready"
	CredentialsPresent Name = "credentials-present"
	Dwell              Name = "dwell"
	OneDirection       Name = "one-direction"
	HasAnswer          Name = "has-answer"
	ZoneTarget         Name = "zone-target"
	ImagesOnPrimary    Name = "images-on-primary"
)

// A Rule is one thing that must hold.
type Rule struct {
	Name Name
	// Holds is what must be so, as half a sentence.
	Holds string
	// Remedy is what to do where it isn't so, or where nobody knows.
	Remedy string
	// Failback says that it is judged only where the target is the primary or PrivateZone.
	Failback bool
	judge    func(Facts) (Outcome, string)
}

// Rules are all of them, in the order in which they are told.
func Rules() []Rule {
	return []Rule{
		{
			Name: TargetHealthy, Holds: "most of the probers see the target healthy, and have said so lately",
			Remedy: "look at the instances with kubectl registry-failover status", judge: targetHealthy,
		},
		{
			Name: TargetReady, Holds: "the target has failover.readyShare of the images that this cluster runs",
			Remedy: "synchronise what is missing there", judge: targetReady,
		},
		{
			Name: CredentialsPresent, Holds: "pods have pull credentials for the instances",
			Remedy: "kubectl registry-failover check names the pods and what to do", judge: credentialsPresent,
		},
		{
			Name: Dwell, Holds: "the last change of the switch is longer ago than failover.dwell",
			Remedy: "wait, as a change back and forth costs more pulls than it helps", judge: dwell,
		},
		{
			Name: OneDirection, Holds: "no wave is under way in another direction",
			Remedy: "finish that one or undo it first", judge: oneDirection,
		},
		{
			Name: HasAnswer, Holds: "an address of the target is known",
			Remedy: "give the instance internalAddresses in the configuration, or lead there over its other network", judge: hasAnswer,
		},
		{
			Name: ZoneTarget, Holds: "PrivateZone leads to the primary, as read lately; asked where the target is privatezone",
			Remedy: "mend the record in PrivateZone, or lead to the primary itself with --to", Failback: true, judge: zoneTarget,
		},
		{
			Name: ImagesOnPrimary, Holds: "every image that runs now is on the primary, with the same digest",
			Remedy:   "copy these images to the primary: what was pushed to the standby doesn't come back over a one-way rule",
			Failback: true, judge: imagesOnPrimary,
		},
	}
}

// Known tells whether a rule has that name.
func Known(name Name) bool {
	for _, r := range Rules() {
		if r.Name == name {
			return true
		}
	}
	return false
}
