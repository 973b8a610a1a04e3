package admission

import (
	"errors"

	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/jsonfields"
	"github.com/registry-failover/registry-failover/internal/podimages"
)

// request is what matters here of an AdmissionReview with a request
// (https://kubernetes.io/docs/reference/config-api/apiserver-admission.v1/).
type request struct {
	apiVersion  string
	uid         types.UID
	operation   string
	group       string
	resource    string
	subresource string
	// namespace is the pod's: in a pod that is created it may be missing.
	namespace string
	dryRun    bool
	object    object
	oldObject object
}

// object is a pod, or why there is none.
type object struct {
	pod *podimages.Pod
	err error
}

// errEmpty is also of null.
var errEmpty = errors.New("it is empty")

// readRequest reads an AdmissionReview. Fields that aren't named here may hold anything.
func readRequest(body []byte) (in request, err error) {
	r := jsonfields.NewReader(body)
	_, err = r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "apiVersion":
			in.apiVersion, err = r.String()
			return err
		case "request":
			version := in.apiVersion
			in = request{apiVersion: version, object: object{err: errEmpty}, oldObject: object{err: errEmpty}}
			_, err = r.Object(func(name []byte) error { return in.field(r, name) })
			return err
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	return in, err
}

func (in *request) field(r *jsonfields.Reader, name []byte) (err error) {
	switch string(name) {
	case "uid":
		var uid string
		uid, err = r.String()
		in.uid = types.UID(uid)
	case "operation":
		in.operation, err = r.String()
	case "namespace":
		in.namespace, err = r.String()
	case "subResource":
		in.subresource, err = r.String()
	case "resource":
		in.group, in.resource = "", ""
		_, err = r.Object(func(name []byte) (err error) {
			switch string(name) {
			case "group":
				in.group, err = r.String()
			case "resource":
				in.resource, err = r.String()
			default:
				err = r.Skip()
			}
			return err
		})
	case "dryRun":
		in.dryRun, err = r.Bool()
	case "object":
		in.object, err = readObject(r)
	case "oldObject":
		in.oldObject, err = readObject(r)
	default:
		err = r.Skip()
	}
	return err
}

// errFound ends the search.
var errFound = errors.New("found")

// findUID looks for request.uid in a body that can't be read as a whole:
// damaged further back, cut off, or too long. Empty means that there is none.
func findUID(body []byte) (uid types.UID) {
	r := jsonfields.NewReader(body)
	_, _ = r.Object(func(name []byte) error {
		if string(name) != "request" {
			return r.Skip()
		}
		_, err := r.Object(func(name []byte) error {
			if string(name) != "uid" {
				return r.Skip()
			}
			if text, err := r.String(); err == nil {
				uid = types.UID(text)
			}
			return errFound
		})
		return errors.Join(err, errFound)
	})
	return uid
}

// readObject reads the few fields of a pod that matter.
func readObject(r *jsonfields.Reader) (o object, err error) {
	o.pod = &podimages.Pod{}
	o.err, err = r.Try(func() error {
		there, metadata, err := o.pod.Read(r)
		switch {
		case err != nil:
			return err
		case !there:
			return errEmpty
		case !metadata:
			// The annotation would have no place, and the API server refuses a pod whose patch fails.
			return errors.New("it has no metadata")
		}
		return nil
	})
	return o, err
}
