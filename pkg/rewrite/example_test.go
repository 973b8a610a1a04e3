package rewrite_test

import (
	"fmt"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

func Example() {
	r, err := rewrite.New([]rewrite.Rule{{
		Endpoint: "cross-region.registry.io",
		Sources:  []string{"b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, image := range []string{"b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1", "nginx"} {
		result := r.Rewrite(image)
		fmt.Println(result.Image, result.Reason)
	}
	// Output:
	// cross-region.registry.io/demo/web:1 Rewritten
	// nginx NoHost
}
