package admission

import "time"

// SetReadTimeout is for tests that don't want to wait 10 s. It must be called before Listen.
func (s *Server) SetReadTimeout(d time.Duration) { s.readTimeout = d }
