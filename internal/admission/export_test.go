package admission

import "time"

// SetReadTimeout is for tests that don't want to wait 10 s. It must be called before Listen.
func (s *Server) SetReadTimeout(d time.Duration) { s.readTimeout = d }

// SetDrain shortens the time that clients have to give up their connections.
func (s *Server) SetDrain(d time.Duration) { s.drain = d }

// Draining says whether the end has begun.
func (s *Server) Draining() bool { return s.draining.Load() }
