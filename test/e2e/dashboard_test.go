package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/test/dashboard"
)

// scrapeEvery is how often the pods' metrics are scraped.
const scrapeEvery = 5 * time.Second

// onlooker scrapes the product's pods through a life, as a Prometheus does, and keeps what
// the dashboard shows.
type onlooker struct {
	panels []dashboard.Panel
	wanted map[string]bool
	began  time.Time
	ask    chan func()
	// series are samples by the number of the scrape.
	series map[string]map[int]float64
}

// lookOn scrapes until the test ends.
func lookOn(t *testing.T) *onlooker {
	t.Helper()
	panels, err := dashboard.Panels(dashboard.File(node.Root))
	if err != nil {
		t.Fatal(err)
	}
	o := &onlooker{panels: panels, wanted: map[string]bool{}, began: time.Now(), ask: make(chan func()), series: map[string]map[int]float64{}}
	for _, p := range panels {
		for _, target := range p.Targets {
			for _, name := range regexp.MustCompile(`\b[a-z]+(_[a-z]+){2,}\b`).FindAllString(target.Expr, -1) {
				o.wanted[name] = true
			}
		}
	}
	ctx, ended := t.Context(), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(scrapeEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case do := <-o.ask:
				do()
			case <-tick.C:
				o.scrape(ctx)
			}
		}
	}()
	t.Cleanup(func() { <-ended })
	return o
}

// scrape asks every pod that runs. What doesn't answer, as it does in this life, has no sample.
func (o *onlooker) scrape(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, scrapeEvery)
	defer cancel()
	moment := int(time.Since(o.began) / scrapeEvery)
	list, err := node.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/part-of=registry-failover"})
	if err != nil {
		return
	}
	for _, pod := range list.Items {
		for _, address := range metricsOf(pod) {
			page, err := metricsPage(ctx, address)
			if err != nil {
				continue
			}
			parser := expfmt.NewTextParser(model.LegacyValidation)
			families, err := parser.TextToMetricFamilies(strings.NewReader(page))
			if err != nil {
				continue
			}
			for name, family := range families {
				if o.wanted[name] {
					o.keep(family, moment, pod.Name)
				}
			}
		}
	}
}

// metricsPage is what a program shows on its metrics port.
func metricsPage(ctx context.Context, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return string(text), err
}

// metricsOf are the addresses of the pod's ports called metrics.
func metricsOf(pod corev1.Pod) []string {
	var addresses []string
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == "metrics" && pod.Status.PodIP != "" {
				addresses = append(addresses, net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(p.ContainerPort))))
			}
		}
	}
	return addresses
}

// keep keeps the samples of a scrape, with labels as a Prometheus has them that honours
// those of the product.
func (o *onlooker) keep(family *dto.MetricFamily, moment int, pod string) {
	for _, m := range family.GetMetric() {
		labels := map[string]string{"pod": pod, "namespace": namespace, "instance": pod, "endpoint": "metrics"}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		var text []string
		for _, name := range slices.Sorted(maps.Keys(labels)) {
			text = append(text, fmt.Sprintf("%s=%q", name, labels[name]))
		}
		series := family.GetName() + "{" + strings.Join(text, ",") + "}"
		if o.series[series] == nil {
			o.series[series] = map[int]float64{}
		}
		o.series[series][moment] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue() // two of them are 0
	}
}

// play writes what was seen for promtool, which has Prometheus's engine evaluate each
// expression of the dashboard: at one moment at least it must have given something.
func (o *onlooker) play(file string) error {
	type object = map[string]any
	last := int(time.Since(o.began) / scrapeEvery)
	var input, tests []object
	for _, name := range slices.Sorted(maps.Keys(o.series)) {
		values := make([]string, last+1)
		for i := range values {
			values[i] = "_"
			if v, there := o.series[name][i]; there {
				values[i] = strconv.FormatFloat(v, 'f', -1, 64)
			}
		}
		input = append(input, object{"series": name, "values": strings.Join(values, " ")})
	}
	for _, p := range o.panels {
		for _, target := range p.Targets {
			expr := fmt.Sprintf("count(count_over_time((%s)[2h:%s])) > bool 0", target.Bound("1m"), scrapeEvery)
			tests = append(tests, object{
				"expr": expr, "eval_time": (time.Duration(last) * scrapeEvery).String(),
				"exp_samples": []object{{"labels": "{}", "value": 1}},
			})
		}
	}
	if len(input) == 0 || len(tests) == 0 {
		return errors.New("nothing was scraped, or the dashboard is empty")
	}
	text, err := yaml.Marshal(object{"evaluation_interval": scrapeEvery.String(), "tests": []object{{
		"interval": scrapeEvery.String(), "start_timestamp": strconv.FormatInt(o.began.Unix(), 10), "input_series": input, "promql_expr_test": tests,
	}}})
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// fillDashboard holds that no panel of the dashboard is empty in a cluster that has seen a failover.
func (s *scenario) fillDashboard(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	written := make(chan error, 1)
	s.onlooker.ask <- func() { written <- s.onlooker.play(file) }
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), node.Tool("promtool", "promtool"), "test", "rules", file).CombinedOutput() //nolint:gosec // the pinned tool
	if err != nil {
		t.Errorf("panels without data: %v\n%s", err, output)
	}
}
