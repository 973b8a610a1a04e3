package alibaba

import (
	"context"
	"fmt"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/cr_ee"
)

// An Edition of an instance, as ACR writes it.
type Edition string

// The editions. Advanced is the one that the console calls Premium in places.
const (
	Basic    Edition = "Enterprise_Basic"
	Standard Edition = "Enterprise_Standard"
	Advanced Edition = "Enterprise_Advanced"
)

// A Description is what ACR says about an instance itself.
type Description struct {
	ID      string
	Edition Edition
	// Status is RUNNING where the instance can be used.
	Status string
}

// DescribeInstance calls GetInstance. An error is one sentence.
//
// Source: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getinstance
func (c *Client) DescribeInstance(ctx context.Context, id, region string) (Description, error) {
	const action = "GetInstance"
	var d Description
	err := c.registry(ctx, action, region, func(client *cr_ee.Client) error {
		request := cr_ee.CreateGetInstanceRequest()
		request.InstanceId = id
		response, err := client.GetInstance(request)
		if err != nil {
			return err
		}
		if !response.GetInstanceIsSuccess {
			return unsuccessful(response.Code, response.RequestId)
		}
		if response.InstanceId != id || response.InstanceSpecification == "" || response.InstanceStatus == "" {
			return &Error{Kind: Malformed, detail: "the answer lacks the instance's id, edition or status"}
		}
		d = Description{ID: id, Edition: Edition(response.InstanceSpecification), Status: response.InstanceStatus}
		return nil
	})
	if err != nil {
		return Description{}, fmt.Errorf("could not read the edition of the instance %s: %w", id, err)
	}
	return d, nil
}
