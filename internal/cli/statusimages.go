package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// imagesOf is what status --images tells of one endpoint.
type imagesOf struct {
	Endpoint string `json:"endpoint"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem string `json:"problem"`
	// At is when the list became what it is, nil where there is none.
	At *time.Time `json:"at"`
	// SeenAt is when the controller has last said that it still is, and Old that it should
	// have said so again since.
	SeenAt *time.Time `json:"seenAt"`
	Old    bool       `json:"old"`
	// Images are those that aren't present and equal on every instance.
	Images []readiness.ImageStatus `json:"images"`
	// LeftOut is how many more there are.
	LeftOut int `json:"leftOut"`
	// Waiting is how many were not looked up yet on every instance.
	Waiting int `json:"waiting"`
}

// runImages tells of the images that not every instance has.
func (o *statusOptions) runImages(cmd *cobra.Command) error {
	client, err := newStatusClient(o.kube)
	if err != nil {
		return err
	}
	if _, err := client.read(cmd.Context()); err != nil {
		return err
	}
	all, err := client.images(cmd.Context())
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if o.output == outputJSON {
		err = writeIndented(&out, all)
	} else {
		writeLacking(&out, all, time.Now())
	}
	if err != nil {
		return err
	}
	if _, err := out.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return judgeImages(all)
}

// images reads what the controller has listed, and whether it still looks after it.
func (c *statusClient) images(ctx context.Context) ([]imagesOf, error) {
	data := map[string]map[string]string{}
	for _, name := range []string{readiness.ImagesName, inputs.StatusName} {
		found, err := c.core.ConfigMaps(c.namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err): // which is told of each endpoint
			continue
		case apierrors.IsForbidden(err):
			return nil, fmt.Errorf("you lack the right to get the ConfigMap %s in the namespace %s: %w", name, c.namespace, err)
		case err != nil:
			return nil, fmt.Errorf("the ConfigMap %s can't be read: %w", name, err)
		}
		data[name] = found.Data
	}
	return listImages(c.config, data[readiness.ImagesName], judgeReadiness(c.config, data[inputs.StatusName], time.Now())), nil
}

// listImages tells of the endpoints, in the order of what is told of their readiness.
func listImages(c *config.Config, data map[string]string, told []readinessStatus) []imagesOf {
	all := []imagesOf{}
	for n, e := range c.Endpoints {
		of := imagesOf{Endpoint: e.Name, SeenAt: told[n].At, Old: told[n].Old, Images: []readiness.ImageStatus{}}
		text, there := data[e.Name]
		images, err := readiness.ParseImages(text)
		switch {
		case told[n].Problem != "": // a list that stands there is of nobody knows when
			of.Problem = told[n].Problem
		case !there:
			of.Problem = "it isn't known which images the instances have: the controller hasn't listed them yet"
		case err != nil:
			of.Problem = err.Error()
		default:
			of.At, of.LeftOut, of.Waiting = &images.At, images.LeftOut, images.Waiting
			of.Images = append(of.Images, images.Images...)
		}
		all = append(all, of)
	}
	return all
}

// judgeImages is what the exit code says.
func judgeImages(all []imagesOf) error {
	var sentences []string
	for _, of := range all {
		switch n := len(of.Images) + of.LeftOut; {
		case of.Problem != "":
			sentences = append(sentences, of.Endpoint+": "+of.Problem)
		case of.Old:
			sentences = append(sentences, of.Endpoint+": it isn't known which images the instances have now")
		case n > 0:
			sentences = append(sentences, fmt.Sprintf("%s: %s on every instance", of.Endpoint, several(n, "image isn't present and equal", "images aren't present and equal")))
		case of.Waiting > 0:
			sentences = append(sentences, fmt.Sprintf("%s: %s looked up on every instance yet", of.Endpoint, several(of.Waiting, "image was not", "images were not")))
		}
	}
	if len(sentences) == 0 {
		return nil
	}
	return verdict{exitFailed, strings.Join(sentences, "; ")}
}

func writeLacking(w io.Writer, all []imagesOf, now time.Time) {
	for _, of := range all {
		switch {
		case of.Problem != "":
			fmt.Fprintf(w, "%s\n  ‼ %s\n", visible(of.Endpoint), escape(of.Problem))
			continue
		case of.Old:
			fmt.Fprintf(w, "%s\n  ‼ what follows is as of %s: that is old\n", visible(of.Endpoint), of.SeenAt.Format(time.RFC3339))
		case len(of.Images)+of.LeftOut+of.Waiting == 0:
			fmt.Fprintf(w, "%s\n  √ every instance has all images\n", visible(of.Endpoint))
		default:
			fmt.Fprintf(w, "%s\n", visible(of.Endpoint))
		}
		for _, i := range of.Images {
			writeImage(w, i, now)
		}
		if of.LeftOut > 0 {
			fmt.Fprintf(w, "  and %s that the controller's list has no room for\n", several(of.LeftOut, "more image", "more images"))
		}
		if of.Waiting > 0 {
			fmt.Fprintf(w, "  ‼ %s looked up on every instance yet\n", several(of.Waiting, "image was not", "images were not"))
		}
	}
}

func writeImage(w io.Writer, i readiness.ImageStatus, now time.Time) {
	fmt.Fprintf(w, "  %s  %s\n", visible(i.Image), several(i.Pods, "pod", "pods"))
	for _, f := range i.Findings {
		mark := "‼"
		switch f.Finding {
		case readiness.Present:
			continue
		case readiness.Missing, readiness.Unreadable:
			mark = "×"
		case readiness.Stale, readiness.Unknown:
		}
		fmt.Fprintf(w, "    %s %s: %s", mark, visible(f.Instance), escape(string(f.Finding)))
		if f.Since != nil {
			fmt.Fprintf(w, " for %s", duration(now.Sub(*f.Since)))
		}
		if f.Reason != "" {
			fmt.Fprintf(w, ": %s", escape(f.Reason))
		}
		fmt.Fprintln(w)
	}
	if len(i.Workloads) == 0 {
		return
	}
	more := ""
	if i.More > 0 {
		more = fmt.Sprintf(" and %d more", i.More)
	}
	fmt.Fprintf(w, "    %s%s\n", escape(strings.Join(i.Workloads, ", ")), more)
}
