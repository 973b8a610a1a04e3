package drill

import (
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// A Source says where the time of a stage is from.
type Source string

// The sources.
const (
	Measured Source = "measured"
	// FromSettings: it follows from the configuration.
	FromSettings Source = "settings"
	// FromDocuments: it was measured elsewhere, or follows from the design.
	FromDocuments Source = "documents"
)

// A Stage is one of those that follow each other between a fault and a pod that starts.
type Stage struct {
	Stage string `json:"stage"`
	// Seconds is how long it takes at most.
	Seconds float64 `json:"seconds"`
	Source  Source  `json:"source"`
	Text    string  `json:"text"`
}

// PullStage is the last stage. It is there only where a drill has measured it.
const PullStage = "pull"

// Times are what a drill has measured; 0 is what it hasn't.
type Times struct {
	// Switched is from the write of the switch until all nodes had reported it.
	Switched time.Duration
	// Read is the controller's slowest read, Pulled a pod's whole pull.
	Read, Pulled time.Duration
}

const (
	// jitter is by how much a probe may be later than its interval, as internal/prober has it.
	jitter = 1.1
	// tellAndDecide is until the controller has heard of it and decided, as docs/automatic.md has it.
	tellAndDecide = 2 * time.Second
	// reaches is until the last node has the switch, by docs/scale.md.
	reaches = time.Second
	// rereads is until a container runtime has the new hosts file, by docs/resolver.md.
	rereads = 6 * time.Second
)

// Expect tells how long it takes at most from the first dropped packet until a new pod has its
// image, or where no pull was measured until its pull begins, where no pull hangs on the node.
func Expect(h config.Health, mode config.FailoverMode, t Times) []Stage {
	detection := time.Duration(float64(h.Failures)*float64(h.Interval.Duration)*jitter) + h.Timeout.Duration
	text := fmt.Sprintf("%d probes in a row fail, one every %s, and the last one waits %s", h.Failures, h.Interval.Duration, h.Timeout.Duration)
	if mode == config.Automatic {
		detection += tellAndDecide
		text += "; then automatic mode decides"
	} else {
		text += "; then a person decides, which takes as long as it takes"
	}
	stages := []Stage{{"detection", detection.Seconds(), FromSettings, text}}
	if t.Switched > 0 {
		stages = append(stages, Stage{"switch", t.Switched.Seconds(), Measured, "until every node had reported it, which each does up to 2 s later by chance"})
	} else {
		stages = append(stages, Stage{"switch", reaches.Seconds(), FromDocuments, "not measured in this drill: --nodes does"})
	}
	stages = append(stages, Stage{"hosts file", rereads.Seconds(), FromDocuments, "until the container runtime has read it again"})
	switch {
	case t.Pulled > 0:
		stages = append(stages, Stage{PullStage, t.Pulled.Seconds(), Measured, "a pod's, from its creation until the image was there"})
	case t.Read > 0:
		stages = append(stages, Stage{PullStage, t.Read.Seconds(), Measured, "the slowest manifest and first layer that the controller has read, of which it reads 8 MiB at most: more takes longer"})
	}
	return stages
}

// Total is all stages one after the other, in seconds.
func Total(stages []Stage) float64 {
	sum := 0.0
	for _, s := range stages {
		sum += s.Seconds
	}
	return sum
}
