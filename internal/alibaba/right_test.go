package alibaba

import "testing"

func TestRightsAreNamedAsRAMDoes(t *testing.T) {
	for action, want := range map[string]string{"ListRepoSyncRule": "cr:ListSyncRule", "GetInstance": "cr:GetInstance"} {
		if got := Right("cr", action); got != want {
			t.Errorf("%s: got %s, want %s", action, got, want)
		}
	}
	if got := Right("pvtz", "DescribeZones"); got != "pvtz:DescribeZones" {
		t.Errorf("got %s", got)
	}
}
