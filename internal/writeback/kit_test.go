package writeback

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

const endpointName = "cross-region.registry.io"

// A caller calls a fake cloud without a network, so that it may do so in a bubble
// of synctest, and checks after each call that the name still leads somewhere.
type caller struct {
	t *testing.T
	*cloud.Cloud
	data  cloud.Data // of the beginning
	calls atomic.Int64
	// before is called before each change; an error is returned instead.
	before func(alibaba.Change) error
	// late tells when a change is carried out whose connection is cut at once; 0 is one like others.
	late func(alibaba.Change) time.Duration
}

var nonce atomic.Int64

func (c *caller) call(ctx context.Context, action string, parameters map[string]string) (answer map[string]any, err error) {
	all := map[string]string{
		"Action": action, "Version": "2018-01-01", "Format": "JSON", "AccessKeyId": "id", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
		"SignatureNonce": strconv.FormatInt(nonce.Add(1), 10), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}
	maps.Copy(all, parameters)
	all["Signature"] = cloud.Sign(cloud.StringToSign(http.MethodPost, all), "key")
	query := url.Values{}
	for name, value := range all {
		query.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	defer func() {
		if recover() != nil {
			err = io.ErrUnexpectedEOF
		}
		for _, z := range []string{"zone", "service"} {
			if r := c.Records(z); r != nil && !leads(r) {
				c.t.Errorf("after %s %v the name has no record: %v", action, parameters, c.Records(z))
			}
		}
	}()
	c.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, "/?"+query.Encode(), http.NoBody))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		return nil, err
	}
	if recorder.Code != http.StatusOK {
		return nil, fmt.Errorf("%s: %v", action, answer["Code"])
	}
	return answer, nil
}

func leads(records []cloud.Record) bool {
	for _, r := range records {
		if r.RR == "@" && r.Status == "ENABLE" {
			return true
		}
	}
	return false
}

func (c *caller) ReadZones(ctx context.Context, name string) ([]alibaba.Zone, error) {
	var zones []alibaba.Zone
	for _, of := range []alibaba.ZoneType{alibaba.AuthZone, alibaba.CloudProductZone} {
		answer, err := c.call(ctx, "DescribeZones", map[string]string{"Keyword": name, "SearchMode": "EXACT", "ZoneType": string(of), "PageNumber": "1", "PageSize": "100"})
		if err != nil {
			return nil, err
		}
		for _, item := range answer["Zones"].(map[string]any)["Zone"].([]any) {
			z := item.(map[string]any)
			read := alibaba.Zone{ID: z["ZoneId"].(string), Name: name, Type: of, ByService: of == alibaba.CloudProductZone}
			for _, v := range z["Vpcs"].(map[string]any)["Vpc"].([]any) {
				read.VPCs = append(read.VPCs, alibaba.VPC{ID: v.(map[string]any)["VpcId"].(string)})
			}
			if read.Records, err = c.readRecords(ctx, read.ID); err != nil {
				return nil, err
			}
			zones = append(zones, read)
		}
	}
	return zones, nil
}

func (c *caller) readRecords(ctx context.Context, zone string) ([]alibaba.Record, error) {
	answer, err := c.call(ctx, "DescribeZoneRecords", map[string]string{"ZoneId": zone, "PageNumber": "1", "PageSize": "100"})
	if err != nil {
		return nil, err
	}
	var records []alibaba.Record
	for _, item := range answer["Records"].(map[string]any)["Record"].([]any) {
		r := item.(map[string]any)
		remark, _ := r["Remark"].(string)
		read := alibaba.Record{ID: int64(r["RecordId"].(float64)), TTL: seconds(r["Ttl"].(float64)), Remark: remark}
		if r["Type"] == "CNAME" {
			read.Target = r["Value"].(string)
		} else {
			read.Addr = netip.MustParseAddr(r["Value"].(string))
		}
		records = append(records, read)
	}
	return records, nil
}

func (c *caller) Change(ctx context.Context, change alibaba.Change) error {
	if c.before != nil {
		if err := c.before(change); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if c.late != nil {
		if d := c.late(change); d > 0 {
			go func() {
				time.Sleep(d)
				_ = c.carryOut(context.WithoutCancel(ctx), change)
			}()
			return io.ErrUnexpectedEOF
		}
	}
	return c.carryOut(ctx, change)
}

func (c *caller) carryOut(ctx context.Context, change alibaba.Change) error {
	c.calls.Add(1)
	p := map[string]string{"RecordId": strconv.FormatInt(change.RecordID, 10)}
	switch change.Action {
	case alibaba.UpdateRecordRemark:
		p["Remark"] = change.Record.Remark
	case alibaba.AddZoneRecord, alibaba.UpdateZoneRecord:
		p["Rr"], p["Type"], p["Value"], p["Ttl"] = "@", change.Record.Type(), change.Record.Value(), strconv.Itoa(int(change.Record.TTL/time.Second))
		if change.Action == alibaba.AddZoneRecord {
			delete(p, "RecordId")
			p["ZoneId"] = change.ZoneID
		}
	}
	_, err := c.call(ctx, string(change.Action), p)
	return err
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// newCloud has a zone for the VPC vpc-b with A records.
func newCloud(t *testing.T, values ...string) *caller {
	zone := cloud.Zone{ID: "zone", Name: endpointName, VPCs: []cloud.VPC{{ID: "vpc-b"}}}
	for _, v := range values {
		zone.Records = append(zone.Records, cloud.Record{RR: "@", Type: "A", Value: v, TTL: 30})
	}
	service := cloud.Zone{ID: "service", Name: endpointName, Type: "CLOUD_PRODUCT_ZONE", VPCs: []cloud.VPC{{ID: "vpc-s"}}}
	service.Records = []cloud.Record{{RR: "@", Type: "A", Value: "10.2.0.10"}}
	data := cloud.Data{AccessKeys: []cloud.AccessKey{{ID: "id", Secret: "key"}}, Zones: []cloud.Zone{zone, service}}
	return &caller{t: t, data: data, Cloud: cloud.New(data)}
}

// values are the records at the zone's own name, as "A 10.0.0.1 60".
func (c *caller) values() []string {
	var all []string
	for _, r := range c.Records("zone") {
		all = append(all, fmt.Sprintf("%s %s %d%s", r.Type, r.Value, r.TTL, r.Remark))
	}
	return all
}

// A cluster is a writer with the state that it follows.
type cluster struct {
	t      *testing.T
	client *fake.Clientset
	logs   *bytes.Buffer
	owner  string
	config *config.Config
	writer *Writer
	cloud  Cloud
	stop   context.CancelFunc
	ended  chan struct{}
}

const configuration = `apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster: {vpcID: vpc-b}
privateZone: {writeBack: true}
credentials: {provider: ECSRAMRole}
endpoints:
- name: cross-region.registry.io
  primary: b
  instances:
  - {name: a, id: cri-a, region: cn-hangzhou, network: internal, internalAddresses: [10.1.0.10], publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com, internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com}
  - {name: b, id: cri-b, region: cn-zhangjiakou, network: internal, internalAddresses: [10.2.0.10], publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com, internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com}
`

func newCluster(t *testing.T, cloud Cloud, owner string) *cluster {
	cfg, err := config.Parse([]byte(configuration))
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, client: fake.NewClientset(), logs: &bytes.Buffer{}, owner: owner, config: cfg, cloud: cloud}
	state := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: inputs.StateName}, Data: map[string]string{endpointName: ""}}
	if _, err := c.client.CoreV1().ConfigMaps("ns").Create(t.Context(), state, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.turn("privatezone")
	return c
}

// turn has a switch accepted.
func (c *cluster) turn(value string) { c.publish(map[string]any{"version": 1, "lastSwitch": value}) }

func (c *cluster) publish(state map[string]any) {
	text, err := json.Marshal(state)
	if err != nil {
		c.t.Fatal(err)
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: inputs.StateName}, Data: map[string]string{endpointName: string(text)}}
	if _, err := c.client.CoreV1().ConfigMaps("ns").Update(c.t.Context(), object, metav1.UpdateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// configure puts another configuration into force.
func (c *cluster) configure(text string) {
	cfg, err := config.Parse([]byte(text))
	if err != nil {
		c.t.Fatal(err)
	}
	c.config = cfg
	c.writer.Configure(cfg)
}

// start begins to lead; end kills the leader.
func (c *cluster) start() {
	w := New(Options{
		Cloud: c.cloud, ConfigMaps: c.client.CoreV1().ConfigMaps("ns"), Metrics: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(c.logs, nil)),
		Owner: func(context.Context) (string, error) { return c.owner, nil },
	})
	w.Configure(c.config)
	c.writer = w
	ctx, stop := context.WithCancel(c.t.Context())
	c.stop, c.ended = stop, make(chan struct{})
	go func() {
		defer close(c.ended)
		if err := w.Start(ctx); err != nil {
			c.t.Error(err)
		}
	}()
}

func (c *cluster) end() {
	c.stop()
	<-c.ended
}

// status is what stands under writeBack.
func (c *cluster) status() Status {
	m, err := c.client.CoreV1().ConfigMaps("ns").Get(c.t.Context(), inputs.StatusName, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	var s struct{ WriteBack Status }
	if err := json.Unmarshal([]byte(m.Data[endpointName]), &s); err != nil {
		c.t.Fatal(err)
	}
	return s.WriteBack
}
