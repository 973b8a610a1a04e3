package failover

// Hold is why nothing is written, or why a time is extended.
type Hold string

const (
	NotNeeded        Hold = "NotNeeded"
	FailbackByHand   Hold = "FailbackByHand"
	ManualMode       Hold = "ManualMode"
	SwitchInvalid    Hold = "SwitchInvalid"
	SetByPerson      Hold = "SetByPerson"
	ZoneElsewhere    Hold = "ZoneElsewhere"
	Blind            Hold = "Blind"
	Disagree         Hold = "Disagree"
	AllBad           Hold = "AllBad"
	Unnamed          Hold = "Unnamed"
	Unsettled        Hold = "Unsettled"
	ReadinessUnknown Hold = "ReadinessUnknown"
	NotReady         Hold = "NotReady"
	NoAddress        Hold = "NoAddress"
	Dwelling         Hold = "Dwelling"
	HeldDown         Hold = "HeldDown"
	DayFull          Hold = "DayFull"
	NotWritten       Hold = "NotWritten"
	ZoneUnknown      Hold = "ZoneUnknown"
	ZoneIll          Hold = "ZoneIll"
	FromIll          Hold = "FromIll"
)

// Holds are all of them, in the order of the document. Those from AllBad to
// NoAddress are in the order in which a target is looked at.
var Holds = []Hold{
	NotNeeded, FailbackByHand, ManualMode, SwitchInvalid, SetByPerson, ZoneElsewhere,
	AllBad, Blind, Disagree, Unnamed, Unsettled, ReadinessUnknown, NotReady, NoAddress,
	Dwelling, HeldDown, DayFull, NotWritten, ZoneUnknown, ZoneIll, FromIll,
}

var sentences = map[Hold]string{
	NotNeeded:        "where the endpoint leads is healthy",
	FailbackByHand:   "where automatic mode has led the endpoint is healthy: returning is a person's decision",
	ManualMode:       "failover.mode is Manual: the switch is left to people",
	SwitchInvalid:    "the switch isn't valid, so that the last accepted value is in force: a person must write a valid one",
	SetByPerson:      "a person has set the switch: it is left alone until it is privatezone again",
	ZoneElsewhere:    "PrivateZone leads to none of the instances, so nobody knows how what is served there does",
	Blind:            "too few vantage points have reported lately",
	Disagree:         "the vantage points disagree",
	AllBad:           "where the endpoint leads is ill, and so is every other instance: moving would help nobody",
	Unnamed:          "the target's answers name no instance, so that nobody knows which one it is",
	Unsettled:        "the target is healthy again, and not yet for as long as the dwell time",
	ReadinessUnknown: "nobody knows whether the target has the images that run here",
	NotReady:         "the target lacks images that run here",
	NoAddress:        "no usable address of the target is known",
	Dwelling:         "the last change is more recent than the dwell time",
	HeldDown:         "the switch has returned to privatezone a short time ago, which is three dwell times",
	DayFull:          "automatic mode has thrown the switch as often within 24 hours as failover.maxPerDay allows",
	NotWritten:       "what was decided can't be carried out: the API server refuses it",
	ZoneUnknown:      "nobody knows what PrivateZone gives",
	ZoneIll:          "PrivateZone leads to an instance that is ill",
	FromIll:          "the instance that the share of nodes came from is ill",
}

// Sentence says it to people, in general; a Decision has the details.
func (h Hold) Sentence() string { return sentences[h] }
