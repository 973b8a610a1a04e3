package stragglers

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

var (
	podsDesc = prometheus.NewDesc("registry_failover_source_host_pods",
		"Unfinished pods that name a source host, by shared endpoint and reason; a pod with several reasons counts under each.",
		[]string{"endpoint", "reason"}, nil)
	imagesDesc = prometheus.NewDesc("registry_failover_source_host_node_images",
		"Images of pods that a node holds under the old name only, and pulls again under the new one although the pull policy is IfNotPresent: the sum over nodes.",
		[]string{"endpoint"}, nil)
	surveyDesc = prometheus.NewDesc("registry_failover_source_host_survey_timestamp_seconds",
		"When the pods that name a source host were counted last; 0 on a replica that has not.", nil, nil)
)

// counts are what one survey found. They never change.
type counts struct {
	pods   map[kind]int
	images map[string]int
	ended  time.Time
}

type kind struct {
	endpoint string
	reason   rewrite.Reason
}

// add counts a pod once for each endpoint and reason.
func (c *counts) add(images []Image) {
	seen := map[kind]bool{}
	for _, i := range images {
		if k := (kind{i.Endpoint, i.Reason}); !seen[k] {
			seen[k] = true
			c.pods[k]++
		}
	}
}

// Describe is part of prometheus.Collector.
func (c *Counter) Describe(descs chan<- *prometheus.Desc) {
	descs <- podsDesc
	descs <- imagesDesc
	descs <- surveyDesc
}

// Collect is part of prometheus.Collector.
func (c *Counter) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counted := c.counts.Load()
	if counted == nil {
		gauge(surveyDesc, 0)
		return
	}
	for k, n := range counted.pods {
		gauge(podsDesc, float64(n), k.endpoint, string(k.reason))
	}
	for endpoint, n := range counted.images {
		gauge(imagesDesc, float64(n), endpoint)
	}
	gauge(surveyDesc, float64(counted.ended.UnixMilli())/1000)
}
