package pullsecrets_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// companion is one that Derive gives, with its content as kubelet reads it.
type companion struct {
	For     string
	Entries []plain
}

func derived(t testing.TB, auths string) []companion {
	t.Helper()
	var all []companion
	for _, c := range pullsecrets.Derive(endpoints(t), parse(t, auths)) {
		credentials, err := pullsecrets.Parse(pullsecrets.TypeDockerConfigJSON, map[string][]byte{pullsecrets.KeyDockerConfigJSON: c.Content()})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, companion{c.String(), shown(credentials)})
	}
	return all
}

func TestDerive(t *testing.T) {
	for sentence, test := range map[string]struct {
		auths string
		want  []companion
	}{
		"one instance has one": {
			logins(t, "u", zhangjiakouVPC, "docker.io"),
			[]companion{{shared + "/zhangjiakou", []plain{{shared, "u", zhangjiakouVPC}}}},
		},
		"both hosts in one file have one for each": {
			logins(t, "u", zhangjiakouVPC, hangzhouVPC),
			[]companion{{shared + "/hangzhou", []plain{{shared, "u", hangzhouVPC}}}, {shared + "/zhangjiakou", []plain{{shared, "u", zhangjiakouVPC}}}},
		},
		"the internal endpoint's password counts where they differ": {
			logins(t, "u", hangzhou, hangzhouVPC),
			[]companion{{shared + "/hangzhou", []plain{{shared, "u", hangzhouVPC}}}},
		},
		"a host that is written out counts before a pattern": {
			logins(t, "u", "*.cn-hangzhou.cr.aliyuncs.com", hangzhou),
			[]companion{{shared + "/hangzhou", []plain{{shared, "u", hangzhou}}}},
		},
		"a credential for the shared endpoint itself needs none": {logins(t, "u", shared, hangzhou, zhangjiakou), nil},
		"and so does a pattern for it":                           {logins(t, "u", "*.registry.io", hangzhou), nil},
		"and so does one for a part of it":                       {logins(t, "u", shared+"/team", hangzhou), nil},
		"of one endpoint alone, the other has": {
			logins(t, "u", shared, hangzhou, beijing),
			[]companion{{second + "/beijing", []plain{{second, "u", beijing}}}},
		},
		"other hosts have none": {logins(t, "u", "docker.io", "mirror.example.com:5000"), nil},
		"parts stay parts": {
			logins(t, "u", hangzhou+"/team", hangzhouVPC, hangzhou+"/v1/v2/odd"),
			[]companion{{shared + "/hangzhou", []plain{{shared, "u", hangzhouVPC}, {shared + "/team", "u", hangzhou + "/team"}, {shared + "/v2/odd", "u", hangzhou + "/v1/v2/odd"}}}},
		},
		"a token stays one": {
			logins(t, temporary, hangzhou),
			[]companion{{shared + "/hangzhou temporary", []plain{{shared, temporary, hangzhou}}}},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, derived(t, test.auths)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTheSameCredentialsGiveTheSameContent, or the controller would write it again and again.
func TestTheSameCredentialsGiveTheSameContent(t *testing.T) {
	auths := logins(t, "u", hangzhou, hangzhou+"/a", hangzhou+"/b", hangzhouVPC+"/c", hangzhouVPC+"/d")
	first := pullsecrets.Derive(endpoints(t), parse(t, auths))[0].Content()
	for range 20 {
		if again := pullsecrets.Derive(endpoints(t), parse(t, auths))[0].Content(); !bytes.Equal(first, again) {
			t.Fatalf("%s\n%s", first, again)
		}
	}
}

func TestContent(t *testing.T) {
	want := `{"auths":{"cross-region.registry.io":{"auth":"dTpwOjw+Jg=="}}}`
	if got := pullsecrets.Content(shared, "u", "p:<>&"); string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
