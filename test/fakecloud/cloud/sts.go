package cloud

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// assumeRoleWithOIDC: https://help.aliyun.com/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc
func (c *Cloud) assumeRoleWithOIDC(p parameters) (answer, *refusal) {
	for _, name := range []string{"OIDCProviderArn", "RoleArn", "OIDCToken", "RoleSessionName"} {
		if p[name] == "" {
			return nil, missing(name)
		}
	}
	if r := c.checkTime(p["Timestamp"]); r != nil {
		return nil, r
	}
	if seconds, err := strconv.Atoi(p["DurationSeconds"]); p["DurationSeconds"] != "" && (err != nil || seconds < 900 || seconds > 3600) {
		return nil, invalid("DurationSeconds")
	}
	i := slices.IndexFunc(c.data.Roles, func(r Role) bool { return r.ARN == p["RoleArn"] && r.OIDCProvider == p["OIDCProviderArn"] })
	if i < 0 {
		return nil, oidcProvider
	}
	if c.data.Roles[i].OIDCToken != p["OIDCToken"] {
		return nil, oidcInvalid
	}
	return answer{"Credentials": c.credentials(c.data.Roles[i])}, nil
}

func (c *Cloud) credentials(role Role) answer {
	id, s := c.issue(role)
	return answer{
		"AccessKeyId": id, "AccessKeySecret": s.key, "SecurityToken": s.token,
		"Expiration": s.expires.UTC().Format("2006-01-02T15:04:05Z"),
	}
}

// The hardened mode of the metadata service, as sdk/auth/credentials of the SDK
// speaks it; the other mode isn't offered.
const (
	metadataToken = "metadata-token"
	rolePath      = "/latest/meta-data/ram/security-credentials/"
)

// Metadata serves what an ECS instance finds at 100.100.100.200: the session of
// the first role that has no ARN.
func (c *Cloud) Metadata() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		if ttl, err := strconv.Atoi(r.Header.Get("X-aliyun-ecs-metadata-token-ttl-seconds")); err != nil || ttl < 1 || ttl > 21600 {
			http.Error(w, "Bad Request", http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(metadataToken))
	})
	mux.HandleFunc("GET "+rolePath, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-aliyun-ecs-metadata-token") != metadataToken {
			http.Error(w, "Forbidden", http.StatusForbidden)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.data.Roles, func(r Role) bool { return r.ARN == "" })
		name := strings.TrimPrefix(r.URL.Path, rolePath)
		switch {
		case i < 0, name != "" && name != c.data.Roles[i].Name:
			http.NotFound(w, r)
		case name == "":
			_, _ = w.Write([]byte(c.data.Roles[i].Name))
		default:
			content := c.credentials(c.data.Roles[i])
			content["Code"], content["LastUpdated"] = "Success", c.now().UTC().Format("2006-01-02T15:04:05Z")
			_ = json.NewEncoder(w).Encode(content)
		}
	})
	return mux
}
