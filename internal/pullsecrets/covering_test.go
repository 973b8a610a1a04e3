package pullsecrets

import "testing"

func TestTheCredentialForARepository(t *testing.T) {
	const host, other = "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com", "a-registry.cn-hangzhou.cr.aliyuncs.com"
	for sentence, test := range map[string]struct {
		registries []string
		want       string // the registry that it stands for; empty for none
	}{
		"that for the host":                           {[]string{host}, host},
		"that for the repository before the host's":   {[]string{host, host + "/demo", host + "/demo/web"}, host + "/demo/web"},
		"also where it is the other host's":           {[]string{host, other + "/demo"}, other + "/demo"},
		"the first host's of two alike":               {[]string{other + "/demo", host + "/demo"}, host + "/demo"},
		"not that for another repository":             {[]string{host + "/other"}, ""},
		"a path is a prefix, as it is for kubelet":    {[]string{host + "/demo/w"}, host + "/demo/w"},
		"not that for another host":                   {[]string{"docker.io"}, ""},
		"not that for a path behind the repository's": {[]string{host + "/demo/web/api"}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			var all []Credential
			for _, r := range test.registries {
				all = append(all, NewCredential(r, "puller", ""))
			}
			got, found := For(Covering(all, "demo/web"), host, other)
			if got.Registry != test.want || found != (test.want != "") {
				t.Errorf("got %q", got.Registry)
			}
		})
	}
}
