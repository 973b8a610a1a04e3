package podimages

import "github.com/registry-failover/registry-failover/internal/jsonfields"

// Read reads a pod from JSON, as the API server writes it, and passes over
// whatever Pod doesn't hold. It says whether there is a pod, not null, and
// whether it has metadata.
func (p *Pod) Read(r *jsonfields.Reader) (there, metadata bool, err error) {
	*p = Pod{}
	there, err = r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "metadata":
			metadata, err = p.Metadata.read(r)
			return err
		case "spec":
			return p.Spec.read(r)
		}
		return r.Skip()
	})
	return there, metadata, err
}

func (m *Metadata) read(r *jsonfields.Reader) (there bool, err error) {
	*m = Metadata{}
	return r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "name":
			m.Name, err = r.String()
		case "generateName":
			m.GenerateName, err = r.String()
		case "namespace":
			m.Namespace, err = r.String()
		case "labels":
			m.Labels, err = r.Strings()
		case "annotations":
			m.Annotations, err = r.Strings()
		case "ownerReferences":
			m.OwnerReferences, err = readOwners(r)
		default:
			err = r.Skip()
		}
		return err
	})
}

func readOwners(r *jsonfields.Reader) ([]OwnerReference, error) {
	var owners []OwnerReference
	_, err := r.Array(func() error {
		var o OwnerReference
		_, err := r.Object(func(name []byte) (err error) {
			switch string(name) {
			case "kind":
				o.Kind, err = r.String()
			case "name":
				o.Name, err = r.String()
			case "uid":
				o.UID, err = r.String()
			case "controller":
				o.Controller, err = r.Bool()
			default:
				err = r.Skip()
			}
			return err
		})
		owners = append(owners, o)
		return err
	})
	return owners, err
}

func (s *Spec) read(r *jsonfields.Reader) error {
	*s = Spec{}
	_, err := r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "initContainers":
			s.InitContainers, err = readContainers(r)
		case "containers":
			s.Containers, err = readContainers(r)
		case "ephemeralContainers":
			s.EphemeralContainers, err = readContainers(r)
		case "volumes":
			s.Volumes, err = readVolumes(r)
		case "imagePullSecrets":
			s.ImagePullSecrets, err = readSecrets(r)
		default:
			err = r.Skip()
		}
		return err
	})
	return err
}

func readContainers(r *jsonfields.Reader) ([]Container, error) {
	var containers []Container
	_, err := r.Array(func() error {
		var c Container
		_, err := r.Object(func(name []byte) (err error) {
			switch string(name) {
			case "name":
				c.Name, err = r.String()
			case "image":
				c.Image, err = r.String()
			case "imagePullPolicy":
				c.ImagePullPolicy, err = r.String()
			default:
				err = r.Skip()
			}
			return err
		})
		containers = append(containers, c)
		return err
	})
	return containers, err
}

func readVolumes(r *jsonfields.Reader) ([]Volume, error) {
	var volumes []Volume
	_, err := r.Array(func() error {
		var v Volume
		_, err := r.Object(func(name []byte) (err error) {
			switch string(name) {
			case "name":
				v.Name, err = r.String()
			case "image":
				v.Image, err = readImageVolume(r)
			default:
				err = r.Skip()
			}
			return err
		})
		volumes = append(volumes, v)
		return err
	})
	return volumes, err
}

func readImageVolume(r *jsonfields.Reader) (*ImageVolume, error) {
	var i ImageVolume
	there, err := r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "reference":
			i.Reference, err = r.String()
		case "pullPolicy":
			i.PullPolicy, err = r.String()
		default:
			err = r.Skip()
		}
		return err
	})
	if err != nil || !there {
		return nil, err
	}
	return &i, nil
}

func readSecrets(r *jsonfields.Reader) ([]SecretReference, error) {
	var secrets []SecretReference
	_, err := r.Array(func() error {
		var s SecretReference
		_, err := r.Object(func(name []byte) (err error) {
			if string(name) == "name" {
				s.Name, err = r.String()
				return err
			}
			return r.Skip()
		})
		secrets = append(secrets, s)
		return err
	})
	return secrets, err
}
