package pullsecrets_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// Hosts of the configuration that the tests go by.
const (
	shared         = "cross-region.registry.io"
	second         = "second.registry.io"
	hangzhou       = "a-registry.cn-hangzhou.cr.aliyuncs.com"
	hangzhouVPC    = "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
	zhangjiakou    = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	zhangjiakouVPC = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	beijing        = "c-registry.cn-beijing.cr.aliyuncs.com"
)

// endpoints are two, with two instances each.
func endpoints(t testing.TB) []config.Endpoint {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c.Endpoints
}

// secret is a Secret's data with the file of docker login.
func secret(auths string) map[string][]byte {
	return map[string][]byte{pullsecrets.KeyDockerConfigJSON: []byte(`{"auths":` + auths + `}`)}
}

// parse reads such a file.
func parse(t testing.TB, auths string) []pullsecrets.Credential {
	t.Helper()
	credentials, err := pullsecrets.Parse(pullsecrets.TypeDockerConfigJSON, secret(auths))
	if err != nil {
		t.Fatal(err)
	}
	return credentials
}

// logins is a file with a user, whose password is the host, for each of the hosts.
func logins(t testing.TB, user string, hosts ...string) string {
	t.Helper()
	auths := map[string]any{}
	for _, host := range hosts {
		auths[host] = map[string]string{"auth": basic(user, host)}
	}
	text, err := json.Marshal(auths)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func basic(username, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
}
