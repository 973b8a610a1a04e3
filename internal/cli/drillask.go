package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/internal/switching"
)

// drillPoll is how often the probers' reports and the controller's answer are looked for.
const drillPoll = time.Second

// ask waits for the probers' reports and for the controller's answer at once.
func (d *drillRun) ask(ctx context.Context, before []coordinationv1.Lease, tell func(string)) (drill.Part, readiness.DrillAnswer, error) {
	var identity drill.Part
	id := rand.Text()
	answer := readiness.DrillAnswer{Problem: "the controller has not answered"}
	open, overtaken := true, false
	if err := d.request(ctx, id); err != nil {
		answer.Problem, open = "the controller can't be asked: "+err.Error(), false
	}
	begin := time.Now()
	said := ""
	for {
		asked := time.Now()
		now, err := d.cluster.ProberReports(ctx)
		if err != nil {
			return identity, answer, err
		}
		var waiting []string
		identity, waiting = drill.Seen(d.key(), drill.Probers{Before: before, Now: now, At: d.cluster.Clock.Now()})
		if open {
			found, other, err := d.answer(ctx, id)
			if err != nil {
				return identity, answer, err
			}
			if found != nil {
				answer, open = *found, !found.Done
			}
			overtaken = other
		}
		if len(waiting) == 0 && !open {
			return identity, answer, nil
		}
		if time.Since(begin) >= d.timeout {
			switch {
			case open && overtaken:
				answer.Problem = "another drill has asked the controller meanwhile: play one after the other"
			case open:
				answer.Problem = fmt.Sprintf("the controller has not answered within %s: it doesn't run, or readiness.enabled is false in the chart's values", d.timeout)
			}
			return identity, answer, nil
		}
		if text := d.waitsFor(waiting, open); text != said {
			tell(text)
			said = text
		}
		select {
		case <-time.After(min(max(drillPoll, 2*time.Since(asked)), d.timeout-time.Since(begin))):
		case <-ctx.Done():
			return identity, answer, ctx.Err()
		}
	}
}

func (d *drillRun) waitsFor(waiting []string, open bool) string {
	var parts []string
	if n := len(waiting); n > 0 {
		parts = append(parts, several(n, "prober", "probers"))
	}
	if open {
		parts = append(parts, "the controller")
	}
	return d.endpoint.Name + ": waiting for " + strings.Join(parts, " and ")
}

func (d *drillRun) request(ctx context.Context, id string) error {
	r := readiness.DrillRequest{ID: id, To: d.target.String(), Sample: d.sample, At: time.Now().UTC().Truncate(time.Second)}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return d.patch(ctx, "", map[string]string{readiness.RequestKey(d.endpoint.Name): string(text)})
}

// answer is nil until it is there. Overtaken says that another request has taken this one's place.
func (d *drillRun) answer(ctx context.Context, id string) (a *readiness.DrillAnswer, overtaken bool, err error) {
	found, err := d.drills(ctx)
	if err != nil {
		return nil, false, err
	}
	stands := found.Data[readiness.RequestKey(d.endpoint.Name)]
	overtaken = stands != "" && !strings.Contains(stands, id)
	text := found.Data[readiness.AnswerKey(d.endpoint.Name)]
	read, err := readiness.ParseDrillAnswer(text)
	switch {
	case err != nil && strings.Contains(text, id): // it is the one, and a strange one
		return &readiness.DrillAnswer{Problem: err.Error(), Done: true}, overtaken, nil
	case err != nil || read.ID != id:
		return nil, overtaken, nil
	}
	return &read, overtaken, nil
}

// record notes the drill. What another drill notes at the same time stays.
func (d *drillRun) record(ctx context.Context, report drill.Report) error {
	for range 5 {
		found, err := d.drills(ctx)
		if err != nil {
			return err
		}
		record, _ := drill.ReadRecord(found.Data[d.endpoint.Name]) // what can't be read is written anew
		err = d.patch(ctx, found.ResourceVersion, map[string]string{d.endpoint.Name: record.With(report).Encode()})
		if !apierrors.IsConflict(err) {
			return err
		}
	}
	return errors.New("others write it again and again: try again")
}

func (d *drillRun) drills(ctx context.Context) (*corev1.ConfigMap, error) {
	found, err := d.cluster.Core.ConfigMaps(d.cluster.Namespace).Get(ctx, drill.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("the ConfigMap %s can't be read: %w", drill.Name, err)
	}
	return found, nil
}

func (d *drillRun) patch(ctx context.Context, version string, data map[string]string) error {
	object := map[string]any{"data": data}
	if version != "" {
		object["metadata"] = map[string]string{"resourceVersion": version}
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	_, err = d.cluster.Core.ConfigMaps(d.cluster.Namespace).Patch(ctx, drill.Name, types.MergePatchType, text, metav1.PatchOptions{FieldManager: switching.FieldManager})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("there is no ConfigMap %s, which the controller makes: %w", drill.Name, err)
	}
	return err
}
