package stragglers

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize is how many objects are in memory at once, at most: some MiB of pods.
const pageSize = 100

// EachPage calls list with the options for each page, of 100 objects at most; list returns
// where the next begins. It is for what must not be in memory all at once.
func EachPage(ctx context.Context, options metav1.ListOptions, list func(context.Context, metav1.ListOptions) (next string, err error)) error {
	return pages(ctx, options, list)
}

// pages calls list with the options for each page; list returns where the next begins.
func pages(ctx context.Context, options metav1.ListOptions, list func(context.Context, metav1.ListOptions) (next string, err error)) error {
	options.Limit = pageSize
	for {
		next, err := list(ctx, options)
		if expired, ok := errors.AsType[*apierrors.StatusError](err); ok && apierrors.IsResourceExpired(err) && expired.ErrStatus.Continue != "" {
			// The pages took longer than etcd keeps a state. The rest is of a later one.
			next, err = expired.ErrStatus.Continue, nil
		}
		if errors.Is(err, errLong) && options.Limit > 1 {
			options.Limit /= 2
			continue
		}
		if err != nil || next == "" {
			return err
		}
		options.Continue = next
		options.Limit = min(pageSize, options.Limit+1+options.Limit/8) // large pods stand beside large pods
	}
}
