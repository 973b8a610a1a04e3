package alibaba

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cr_ee"
)

// registryService is ACR, as RAM policies write it.
const registryService = "cr"

// A Namespace of an instance.
type Namespace struct {
	Name string
	// AutoCreate tells that a repository is made when one is pushed, or copied,
	// that isn't there.
	AutoCreate bool
}

// ReadNamespaces returns an instance's namespaces, ordered by name, without those
// that are being deleted. An error is one sentence.
//
// Source: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-listnamespace
func (c *Client) ReadNamespaces(ctx context.Context, id, region string) ([]Namespace, error) {
	const action = "ListNamespace"
	namespaces, err := readAll(ctx, list{registryService, action}, func(n Namespace) string { return n.Name }, func(ctx context.Context, number int) (page[Namespace], error) {
		var p page[Namespace]
		err := c.registry(ctx, action, region, func(client *cr_ee.Client) error {
			request := cr_ee.CreateListNamespaceRequest()
			request.InstanceId, request.NamespaceStatus = id, normal
			request.PageNo, request.PageSize = requests.NewInteger(number), requests.NewInteger(pageSize)
			response, err := client.ListNamespace(request)
			if err != nil {
				return err
			}
			if !response.ListNamespaceIsSuccess {
				return unsuccessful(response.Code, response.RequestId)
			}
			if p, err = newPage[Namespace](response.PageNo, response.PageSize, response.TotalCount); err != nil {
				return err
			}
			for _, n := range response.Namespaces {
				p.items = append(p.items, Namespace{n.NamespaceName, n.AutoCreateRepo})
			}
			return nil
		})
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("could not read the namespaces of the instance %s: %w", id, err)
	}
	slices.SortFunc(namespaces, func(a, b Namespace) int { return strings.Compare(a.Name, b.Name) })
	return namespaces, nil
}

// ReadRepositories returns the names of the repositories in a namespace, sorted
// and without the namespace, but for those that are being deleted. An error is
// one sentence.
//
// Source: https://help.aliyun.com/document_detail/451339.htm
func (c *Client) ReadRepositories(ctx context.Context, id, region, namespace string) ([]string, error) {
	const action = "ListRepository"
	names, err := readAll(ctx, list{registryService, action}, name, func(ctx context.Context, number int) (page[string], error) {
		var p page[string]
		err := c.registry(ctx, action, region, func(client *cr_ee.Client) error {
			request := cr_ee.CreateListRepositoryRequest()
			request.InstanceId, request.RepoNamespaceName, request.RepoStatus = id, namespace, normal
			request.PageNo, request.PageSize = requests.NewInteger(number), requests.NewInteger(pageSize)
			response, err := client.ListRepository(request)
			if err != nil {
				return err
			}
			if !response.ListRepositoryIsSuccess {
				return unsuccessful(response.Code, response.RequestId)
			}
			if p, err = newPage[string](response.PageNo, response.PageSize, response.TotalCount); err != nil {
				return err
			}
			for _, r := range response.Repositories {
				if r.RepoNamespaceName != namespace {
					return &Error{Kind: Malformed, detail: clean(fmt.Sprintf("asked for the namespace %q, got a repository of %q", namespace, r.RepoNamespaceName), "", Session{})}
				}
				p.items = append(p.items, r.RepoName)
			}
			return nil
		})
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("could not read the repositories of %s in the instance %s: %w", namespace, id, err)
	}
	slices.Sort(names)
	return names, nil
}

// normal is the status of what isn't being deleted.
const normal = "NORMAL"

// name identifies an item that is nothing but a name.
func name(text string) string { return text }

// newPage reads the total, which these two actions give as a text.
func newPage[T any](number, size int, total string) (page[T], error) {
	n, err := strconv.Atoi(total)
	if err != nil {
		return page[T]{}, &Error{Kind: Malformed, detail: clean(fmt.Sprintf("the list has the TotalCount %q", total), "", Session{})}
	}
	return page[T]{number: number, size: size, total: n}, nil
}
