package inputs

import "context"

// Add is told of the object when it was created.
func (s *source) Add(object any) error { return s.Update(object) }

// Update is told of the object when it was changed.
func (s *source) Update(object any) error {
	s.read(verbWatch, object.(*configMap))
	return nil
}

// Delete is told that the object has been deleted.
func (s *source) Delete(any) error {
	s.read(verbWatch, nil)
	return nil
}

// Replace is told what a list gave: the object or nothing.
func (s *source) Replace(objects []any, _ string) error {
	if len(objects) == 0 {
		s.read(verbList, nil)
		return nil
	}
	s.read(verbList, objects[0].(*configMap))
	return nil
}

// Resync has nothing to do.
func (s *source) Resync() error { return nil }

// read notes what is there, nil when it doesn't exist, and that requests of the verb work.
func (s *source) read(v verb, there *configMap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.missing, s.values, s.mark = true, there == nil, nil, ""
	if there != nil {
		s.values = there.Data
		s.mark = there.Annotations[UninstallAnnotation]
	}
	s.outages.end(v)
	s.show()
}

// watching notes that a watch has begun. It follows a list that worked.
func (s *source) watching() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outages = nil
	s.show()
}

// failed notes that a request failed.
func (s *source) failed(ctx context.Context, v verb, err error) {
	if ctx.Err() != nil {
		return // the end of the program is no outage
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outages.note(v, err)
	s.show()
}

// failing says whether requests fail now.
func (s *source) failing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outages.worst() != nil
}

// show tells what is known; s.mu is held.
func (s *source) show() {
	object := Object{Known: s.known, Values: s.values, Mark: s.mark}
	switch outage := s.outages.worst(); {
	case outage != nil:
		object.Problem = outage.sentence(s.namespace, s.name, s.known)
	case s.missing:
		object.Problem = reference(s.namespace, s.name) + " does not exist"
	}
	s.tell(object)
}
