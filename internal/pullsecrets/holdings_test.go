package pullsecrets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

const temporary = "cr_temp_user"

func TestHoldings(t *testing.T) {
	for sentence, test := range map[string]struct {
		auths string
		want  []string
	}{
		"an instance's public endpoint":               {logins(t, "u", hangzhou), []string{shared + "/hangzhou"}},
		"an instance's internal endpoint":             {logins(t, "u", zhangjiakouVPC), []string{shared + "/zhangjiakou"}},
		"both endpoints are one instance":             {logins(t, "u", zhangjiakouVPC, zhangjiakou), []string{shared + "/zhangjiakou"}},
		"instances come as they are configured":       {logins(t, "u", beijing, zhangjiakou, hangzhou, shared), []string{shared, shared + "/hangzhou", shared + "/zhangjiakou", second + "/beijing"}},
		"other hosts are nobody's":                    {logins(t, "u", "docker.io", "mirror.example.com:5000"), nil},
		"another port is another host":                {logins(t, "u", hangzhou+":5000", hangzhou+":443", shared+":443"), nil},
		"a host that only begins alike is another":    {logins(t, "u", hangzhou+".example.com", "x."+hangzhou, "x"+hangzhou), nil},
		"the file of docker login":                    {logins(t, "u", "https://"+hangzhou+"/v1/"), []string{shared + "/hangzhou"}},
		"a pattern for one element":                   {logins(t, "u", "*.cn-hangzhou.cr.aliyuncs.com"), []string{shared + "/hangzhou"}},
		"a pattern within an element":                 {logins(t, "u", "?-registry.cn-*.cr.aliyuncs.com", "[b]-registry-vpc.cn-*.cr.aliyuncs.com"), nil},
		"a pattern of stars":                          {logins(t, "u", "*-registry.cn-*.cr.aliyuncs.com"), []string{shared + "/hangzhou", shared + "/zhangjiakou", second + "/beijing", second + "/shanghai"}},
		"a star is one element":                       {logins(t, "u", "*.aliyuncs.com", "*"), nil},
		"a pattern for the shared endpoint":           {logins(t, "u", "*.registry.io"), []string{shared, second}},
		"a part of the repositories":                  {logins(t, "u", hangzhou+"/team"), []string{shared + "/hangzhou"}},
		"an instance's host in another case":          {logins(t, "u", "A-Registry.CN-hangzhou.cr.aliyuncs.com"), []string{shared + "/hangzhou"}},
		"the shared endpoint in another case is none": {logins(t, "u", "Cross-Region.registry.io"), nil},
		"a temporary token":                           {logins(t, temporary, hangzhou, shared), []string{shared + " temporary", shared + "/hangzhou temporary"}},
		"a temporary token by its other name":         {logins(t, "temp_user_cr", hangzhou), []string{shared + "/hangzhou temporary"}},
		"a user with a longer name isn't temporary":   {logins(t, temporary+"2", hangzhou), []string{shared + "/hangzhou"}},
		"a password for a part outlives the token":    {`{"` + hangzhou + `":{"username":"` + temporary + `"},"` + hangzhou + `/team":{"username":"u"}}`, []string{shared + "/hangzhou"}},
		"a token for the internal endpoint wins":      {`{"` + hangzhouVPC + `":{"username":"` + temporary + `"},"` + hangzhou + `":{"username":"u"}}`, []string{shared + "/hangzhou temporary"}},
		"a host that is written out wins":             {`{"` + hangzhou + `":{"username":"` + temporary + `"},"*.cn-hangzhou.cr.aliyuncs.com":{"username":"u"}}`, []string{shared + "/hangzhou temporary"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			var got []string
			for _, h := range pullsecrets.Holdings(endpoints(t), parse(t, test.auths)) {
				got = append(got, h.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHoldingsAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]pullsecrets.Holding{
		shared:                             {Endpoint: shared},
		shared + " temporary":              {Endpoint: shared, Temporary: true},
		shared + "/hangzhou":               {Endpoint: shared, Instance: "hangzhou"},
		shared + "/hangzhou temporary":     {Endpoint: shared, Instance: "hangzhou", Temporary: true},
		"temporary.io/temporary temporary": {Endpoint: "temporary.io", Instance: "temporary", Temporary: true},
	} {
		got, err := pullsecrets.ParseHolding(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%q is read as %+v, %v and written as %q", text, got, err, got)
		}
	}
	for _, text := range []string{"", "temporary", " temporary", shared + "/", "/hangzhou", shared + "/hangzhou permanent", shared + "/a/b", "A.io", shared + " temporary temporary"} {
		if got, err := pullsecrets.ParseHolding(text); err == nil && text != "temporary" {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}
