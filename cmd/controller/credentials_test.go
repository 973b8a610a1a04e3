package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

const rrsaRole = "{provider: RRSA, roleARN: 'acs:ram::1234567890123456:role/registry-failover', oidcProviderARN: 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-demo'}"

// TestWhatIsWrongWithCredentialsIsTold runs the program with credentials that are
// missing or wrong. It goes on, and says in the status what to do.
func TestWhatIsWrongWithCredentialsIsTold(t *testing.T) {
	for sentence, test := range map[string]struct {
		credentials string
		prepare     func(r *region) (env []string)
		want        string
	}{
		"RRSA, and nobody has set the pod's variables": {
			"{provider: RRSA}", nil,
			"the cloud's API can't be used: credentials.roleARN is empty and the pod has no ALIBABA_CLOUD_ROLE_ARN: set it, or install ack-pod-identity-webhook",
		},
		"RRSA without the pod's token": {
			rrsaRole, func(r *region) []string { return []string{"ALIBABA_CLOUD_OIDC_TOKEN_FILE=" + r.path("token")} },
			"could not get cloud credentials: could not read the pod's OIDC token: ",
		},
		"RRSA with another's token": {
			rrsaRole, func(r *region) []string {
				r.write("token", wrongToken)
				return []string{"ALIBABA_CLOUD_OIDC_TOKEN_FILE=" + r.path("token")}
			},
			"could not get cloud credentials: sts AssumeRoleWithOIDC failed: AuthenticationFail.OIDCToken.Invalid",
		},
		"a Secret that isn't there": {
			"{provider: AccessKey, secretName: cloud}", nil,
			"access-key-id isn't there: the Secret needs the key access-key-id",
		},
		"a Secret with a wrong key": {
			"{provider: AccessKey, secretName: cloud}", func(r *region) []string {
				r.write("secret/access-key-id", "LTAI-demo")
				r.write("secret/access-key-secret", wrongKey)
				return nil
			},
			"pvtz DescribeZones failed: SignatureDoesNotMatch",
		},
		"a RAM policy that lacks an action": {
			"{provider: AccessKey, secretName: cloud}", func(r *region) []string {
				r.data.AccessKeys = []cloud.AccessKey{{ID: "LTAI-demo", Secret: "demo-secret", Denied: []string{"DescribeZoneRecords"}}}
				r.SetData(r.data)
				r.write("secret/access-key-id", "LTAI-demo")
				r.write("secret/access-key-secret", "demo-secret")
				return nil
			},
			"allow pvtz:DescribeZoneRecords in the RAM policy",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			var env []string
			if test.prepare != nil {
				env = test.prepare(r)
			}
			r.start(test.credentials, env...)
			r.await("the status says "+test.want, 20*time.Second, func() bool { return strings.Contains(r.told().Error, test.want) })
			r.await("the switch is kept all the same", 20*time.Second, func() bool {
				_, err := os.Stat(r.path("state/" + shared))
				return err == nil
			})
		})
	}
}
