package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// failing is a verb with the flags of a failover.
func failing(t *testing.T, args ...string) *cobra.Command {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	root, cmd := &cobra.Command{Use: "root"}, &cobra.Command{Use: "failover", Run: func(*cobra.Command, []string) {}}
	for _, name := range []string{"to", "from", "endpoint", "nodes", "config", "reason"} {
		cmd.Flags().String(name, "", "")
	}
	clusterFlags().AddFlags(cmd.Flags())
	root.AddCommand(cmd)
	completeLive(root)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	cmd.SetContext(t.Context())
	return cmd
}

func TestNamesThatAreCompleted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/api/v1/nodes" || r.Header.Get("Impersonate-Group") != "ops" {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"node-a"}},{"metadata":{"name":"node-b"}},{"metadata":{"name":"other"}}]}`)
	}))
	defer server.Close()
	file := []string{"--config", exampleFile}
	cluster := []string{"--server", server.URL, "--as", "jane", "--as-group", "ops"}
	for sentence, test := range map[string]struct {
		args        []string
		flag, typed string
		want        []string
	}{
		"words of the switch":                  {file, "to", "hang", []string{"hangzhou", "hangzhou/internal", "hangzhou/public"}},
		"where others stay":                    {file, "from", "private", []string{"privatezone"}},
		"endpoints":                            {file, "endpoint", "", []string{"cross-region.registry.io"}},
		"words of the endpoint that is named":  {append(file, "--endpoint", "cross-region.registry.io"), "to", "zh", []string{"zhangjiakou", "zhangjiakou/internal", "zhangjiakou/public"}},
		"no words of another":                  {append(file, "--endpoint", "gone"), "to", "", nil},
		"nothing of a file that isn't there":   {[]string{"--config", "gone.yaml"}, "to", "", nil},
		"nothing without a cluster":            {nil, "endpoint", "", nil},
		"nodes, with the flags that are typed": {cluster, "nodes", "node", []string{"node-a", "node-b"}},
		"the last of several nodes":            {cluster, "nodes", "node-a,n", []string{"node-a,node-b"}},
		"no node without the right":            {[]string{"--server", server.URL}, "nodes", "", nil},
		"no text that somebody thinks of":      {file, "reason", "", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			cmd := failing(t, test.args...)
			complete, has := cmd.GetFlagCompletionFunc(test.flag)
			if !has {
				t.Fatal("there is no completion")
			}
			got, directive := complete(cmd, nil, test.typed)
			if diff := cmp.Diff(test.want, got); diff != "" || directive != cobra.ShellCompDirectiveNoFileComp {
				t.Errorf("directive %d\n%s", directive, diff)
			}
		})
	}
}
