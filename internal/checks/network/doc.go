// Package network checks from where it runs how pulls would get to each instance:
// whether the shared endpoint resolves, whether each instance answers with the
// right certificate and as itself, and whether the hosts that a pull needs besides
// can be connected to. It needs no credentials and no API server.
//
// [All] are the checks for people. [Install] are those for a hook of an
// installation: there only what would break every new pod fails, while an instance
// that is away warns, because an upgrade during an outage must go through.
package network
