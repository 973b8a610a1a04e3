package main

import (
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

//go:embed cloud.yaml
var cloudConfig []byte

// fakeCloud is the cloud's API, and the controller that reads it.
type fakeCloud struct {
	*cloud.Cloud
	data       cloud.Data
	server     *http.Server
	url        string
	controller *program
}

// addCloud lets the cloud's API answer, with the data of a file, and prepares
// what a controller needs to reach it.
func (s *stage) addCloud(ctx context.Context, dataFile string) error {
	text, err := os.ReadFile(dataFile)
	if err != nil {
		return err
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		return err
	}
	certificate, err := s.authority.Server("127.0.0.1")
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c := &fakeCloud{Cloud: cloud.New(data), data: data, url: "https://" + listener.Addr().String()}
	c.server = &http.Server{Handler: c.Cloud, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	go func() { _ = c.server.Serve(listener) }()
	s.cloud = c
	s.config = filepath.Join(s.dir, "config.yaml")
	for name, content := range map[string]string{
		"config.yaml": string(cloudConfig),
		"ca.pem":      string(s.authority.PEM()), "access-key-id": data.AccessKeys[0].ID, "access-key-secret": data.AccessKeys[0].Secret,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// startController starts one, after the one before has ended: it reads at once.
func (s *stage) startController(ctx context.Context) (err error) {
	if s.cloud.controller != nil {
		s.cloud.controller.stop()
	}
	s.cloud.controller, _, err = startProgramWith(ctx, []string{"SSL_CERT_FILE=" + filepath.Join(s.dir, "ca.pem")}, s.bin, "controller", []string{"http"},
		"--config", s.config, "--dir", s.dir, "--credentials-dir", s.dir, "--pvtz-endpoint", s.cloud.url, "--acr-endpoint", s.cloud.url)
	return err
}

// editRecord changes the record in the cluster's VPC, as a person does in the
// console: for the API, and for the VPC's DNS.
func (s *stage) editRecord(to *registryServer) {
	data := s.cloud.data
	data.Zones = slices.Clone(data.Zones)
	for i, z := range data.Zones {
		if z.ID == clusterZone {
			data.Zones[i].Records = []cloud.Record{{RR: "@", Type: "A", Value: to.addr.String()}}
		}
	}
	s.cloud.SetData(data)
	s.privateZone.Set(endpoint, to.addr)
}

// count tells how many calls were answered, and how many refused with a code.
func (c *fakeCloud) count(code string) (answered, refused int) {
	for _, call := range c.Calls() {
		switch call.Code {
		case "":
			answered++
		case code:
			refused++
		}
	}
	return answered, refused
}

// published is what the controller has written about PrivateZone.
type published struct {
	state struct {
		LastSwitch string
		Zones      map[string]struct{ Addresses []string }
	}
	status struct {
		PrivateZone struct {
			Target, Error string
			Findings      []struct{ Code, Text string }
		}
	}
}

// patience is for the next reading, where a slow machine has missed this one.
const patience = 45 * time.Second

// awaitPublished reads what the controller has written until it is as wanted.
func (s *stage) awaitPublished(ctx context.Context, what string, wanted func(published) bool) (p published, err error) {
	err = awaitWithin(ctx, patience, what, func() bool {
		p = published{}
		for name, into := range map[string]any{"state": &p.state, "status": &p.status} {
			text, err := os.ReadFile(filepath.Join(s.dir, name, endpoint))
			if err != nil || json.Unmarshal(text, into) != nil {
				return false
			}
		}
		return wanted(p)
	})
	return p, err
}

// leads tells whether the zone of a VPC has this address alone.
func (p published) leads(vpc, address string) bool {
	return fmt.Sprint(p.state.Zones[vpc].Addresses) == "["+address+"]"
}
