// Package connections destroys TCP connections of the network namespace that
// the process is in, whichever process they belong to: [Reset] those to given
// addresses and one port, and no others.
//
// It speaks sock_diag, the kernel's interface behind ss --kill, which Linux has
// with CONFIG_INET_DIAG_DESTROY. Who calls it needs CAP_NET_ADMIN. The owner of
// a destroyed connection gets ECONNABORTED at once from whatever it waits for;
// the other side gets a RST. See sock_diag(7) and include/uapi/linux/inet_diag.h.
package connections
