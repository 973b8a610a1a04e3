package startuptaint

import "sync"

// pending are the nodes that have the taint, as far as the watch has shown.
type pending struct {
	mu sync.Mutex
	// nodes says of each by name whether it has to be looked at.
	nodes map[string]bool
}

// add notes a node that has the taint, and something new about it.
func (p *pending) add(node string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes == nil {
		p.nodes = map[string]bool{}
	}
	p.nodes[node] = true
}

// drop forgets a node that is gone, or has the taint no more.
func (p *pending) drop(node string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.nodes, node)
}

// news says that there is something new about a node, and whether it is one of ours.
func (p *pending) news(node string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ours := p.nodes[node]; !ours {
		return false
	}
	p.nodes[node] = true
	return true
}

// all says that there may be something new about each.
func (p *pending) all() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node := range p.nodes {
		p.nodes[node] = true
	}
}

// take returns those that have to be looked at, which is now done.
func (p *pending) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for node, look := range p.nodes {
		if look {
			names = append(names, node)
			p.nodes[node] = false
		}
	}
	return names
}
