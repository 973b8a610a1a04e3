package alibaba

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/prometheus/client_golang/prometheus"
)

// Options are what a Client needs. All are required but Roots.
type Options struct {
	Sessions  *Keeper
	Addresses Addresses
	// Region is the cluster's, for calls of services that have one address for all.
	Region string
	// Roots are trusted beside nobody else; nil trusts the system's.
	Roots   *x509.CertPool
	Metrics prometheus.Registerer
	// UserAgent tells the cloud who calls, such as registry-failover/1.2.
	UserAgent string
}

// A Client reads from the cloud, one call after the other. It may be shared.
type Client struct {
	unusable  error // nil for one that can call
	sessions  *Keeper
	addresses Addresses
	region    string
	userAgent string

	transport http.RoundTripper
	idle      func()
	budget    *budget
	metrics   metrics
	turn      chan struct{} // full while a call is under way
}

// New returns a client that has called nothing yet. It refuses to work where
// the SDK would print credentials.
func New(o Options) (*Client, error) {
	// The SDK reads the variable when the program starts: unsetting it here would come too late.
	if slices.Contains(strings.Split(os.Getenv("DEBUG"), ","), "sdk") {
		return nil, errors.New("the environment has DEBUG=sdk, with which the cloud's SDK prints credentials to stdout: unset it")
	}
	transport := newTransport(o.Roots)
	return &Client{
		sessions: o.Sessions, addresses: o.Addresses, region: o.Region, userAgent: o.UserAgent,
		transport: transport, idle: transport.CloseIdleConnections,
		budget: newBudget(), metrics: newMetrics(o.Metrics), turn: make(chan struct{}, 1),
	}, nil
}

// Unusable returns a client whose calls fail for the reason that no other could
// be made, so that whoever uses it tells of it as of any failure.
func Unusable(reason error) *Client {
	return &Client{unusable: reason, addresses: PublicAddresses(""), idle: func() {}}
}

// session gives what the next call is signed with.
func (c *Client) session(ctx context.Context) (Session, error) {
	if c.unusable != nil {
		return Session{}, c.unusable
	}
	return c.sessions.Session(ctx) // repeats what fails by itself
}

// Close ends the connections that stand idle. The client may be used afterwards.
func (c *Client) Close() { c.idle() }

// prepare makes a client of the SDK ready for one call. Each call has a client
// of its own, because the SDK's can't be shared and know no context.
func (c *Client) prepare(ctx context.Context, client *sdk.Client, address, region string, session Session) error {
	config := sdk.NewConfig().WithScheme("HTTPS").WithAutoRetry(false).WithMaxRetryTime(0).WithUserAgent(c.userAgent)
	config.Transport = bound{ctx: ctx, base: c.transport}
	var provider credentials.CredentialsProvider = credentials.NewStaticAKCredentialsProvider(session.accessKeyID, session.key.reveal())
	if session.token.reveal() != "" {
		provider = credentials.NewStaticSTSCredentialsProvider(session.accessKeyID, session.key.reveal(), session.token.reveal())
	}
	if err := client.InitWithOptions(region, config, provider); err != nil {
		return err
	}
	client.Domain = address
	client.SetCloseTrace(true)
	client.SetReadTimeout(2 * callTimeout) // ctx ends the call before
	return nil
}
