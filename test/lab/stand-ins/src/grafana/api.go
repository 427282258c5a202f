package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"hostwright/standin"
)

type api struct {
	data         *database
	provisioning string

	mutex      sync.RWMutex
	sources    []dataSource
	dashboards []dashboard
}

const loginPage = `<!doctype html><title>Grafana (stand-in)</title>
<h1>Grafana %s: a stand-in</h1>
<p>This lab could not reach Docker Hub. Here is nothing to see: it answers Grafana's HTTP API, with the admin's password.</p>
`

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, 200, map[string]string{"commit": "stand-in", "database": "ok", "version": standin.Version})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		standin.Metrics(w, fmt.Sprintf("# TYPE grafana_build_info gauge\ngrafana_build_info{version=%q,edition=\"stand-in\"} 1\n", standin.Version))
	})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, loginPage, standin.Version)
	})
	mux.Handle("GET /{$}", http.RedirectHandler("/login", http.StatusFound))
	mux.Handle("/api/", a.guard(a.guarded()))
	return mux
}

func (a *api) guarded() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/org", func(w http.ResponseWriter, _ *http.Request) {
		standin.JSON(w, 200, map[string]any{"id": 1, "name": "Main Org."})
	})
	mux.HandleFunc("GET /api/user", a.user)
	mux.HandleFunc("PUT /api/user/password", a.changePassword)
	mux.HandleFunc("GET /api/datasources", a.listSources)
	mux.HandleFunc("GET /api/datasources/uid/{uid}", a.withSource(func(w http.ResponseWriter, _ *http.Request, s dataSource) {
		standin.JSON(w, 200, s)
	}))
	mux.HandleFunc("GET /api/datasources/uid/{uid}/health", a.withSource(health))
	mux.HandleFunc("/api/datasources/proxy/uid/{uid}/{path...}", a.withSource(proxy))
	mux.HandleFunc("GET /api/search", a.listDashboards)
	mux.HandleFunc("GET /api/dashboards/uid/{uid}", a.showDashboard)
	mux.HandleFunc("POST /api/dashboards/db", a.keepDashboard)
	mux.HandleFunc("POST /api/admin/users", a.addUser)
	mux.HandleFunc("POST /api/admin/provisioning/{kind}/reload", a.reload)
	return mux
}

// guard lets in who knows the password, by basic authentication.
func (a *api) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login, password, isGiven := r.BasicAuth()
		if !isGiven {
			message(w, http.StatusUnauthorized, "Unauthorized")
		} else if _, isRight := a.data.check(login, password); !isRight {
			message(w, http.StatusUnauthorized, "Invalid username or password")
		} else {
			next.ServeHTTP(w, r)
		}
	})
}

func message(w http.ResponseWriter, status int, text string) {
	standin.JSON(w, status, map[string]any{"message": text, "statusCode": status})
}

func (a *api) user(w http.ResponseWriter, r *http.Request) {
	login, password, _ := r.BasicAuth()
	owner, _ := a.data.check(login, password)
	standin.JSON(w, 200, map[string]any{"id": owner.ID, "login": login, "orgId": 1, "isGrafanaAdmin": owner.ID == 1, "email": login + "@localhost"})
}

func (a *api) addUser(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ Login, Password string }
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil || wanted.Login == "" || wanted.Password == "" {
		message(w, http.StatusBadRequest, "bad request data")
	} else if err := a.data.add(wanted.Login, wanted.Password); err != nil {
		message(w, http.StatusInternalServerError, err.Error())
	} else {
		message(w, http.StatusOK, "User created")
	}
}

// keepDashboard keeps one that a person made.
func (a *api) keepDashboard(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ Dashboard map[string]any }
	err := json.NewDecoder(r.Body).Decode(&wanted)
	uid, _ := wanted.Dashboard["uid"].(string)
	if err != nil || uid == "" {
		message(w, http.StatusBadRequest, "bad request data")
	} else if err := a.data.keep(uid, wanted.Dashboard); err != nil {
		message(w, http.StatusInternalServerError, err.Error())
	} else {
		standin.JSON(w, 200, map[string]any{"uid": uid, "status": "success", "url": "/d/" + uid})
	}
}

func (a *api) changePassword(w http.ResponseWriter, r *http.Request) {
	var change struct{ OldPassword, NewPassword, ConfirmNew string }
	login, _, _ := r.BasicAuth()
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		message(w, http.StatusBadRequest, "bad request data")
	} else if _, isRight := a.data.check(login, change.OldPassword); !isRight {
		message(w, http.StatusUnauthorized, "Invalid old password")
	} else if err := a.data.reset(change.NewPassword); err != nil {
		message(w, http.StatusBadRequest, err.Error())
	} else {
		message(w, http.StatusOK, "User password changed")
	}
}

func (a *api) listSources(w http.ResponseWriter, _ *http.Request) {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	standin.JSON(w, 200, append([]dataSource{}, a.sources...))
}

func (a *api) withSource(next func(http.ResponseWriter, *http.Request, dataSource)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.mutex.RLock()
		sources := a.sources
		a.mutex.RUnlock()
		for _, s := range sources {
			if s.UID == r.PathValue("uid") {
				next(w, r, s)
				return
			}
		}
		message(w, http.StatusNotFound, "Data source not found")
	}
}

// What Grafana's own plugins ask to see whether a data source works.
var healthPaths = map[string]string{
	"prometheus": "/api/v1/query?query=1%2B1",
	"loki":       "/loki/api/v1/query?query=vector(1)%2Bvector(1)",
	"tempo":      "/api/echo",
}

func health(w http.ResponseWriter, _ *http.Request, s dataSource) {
	client := &http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(strings.TrimRight(s.URL, "/") + healthPaths[s.Type])
	if err != nil {
		standin.JSON(w, http.StatusBadRequest, map[string]string{"status": "ERROR", "message": err.Error()})
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		standin.JSON(w, http.StatusBadRequest, map[string]string{"status": "ERROR", "message": response.Status})
		return
	}
	standin.JSON(w, 200, map[string]string{"status": "OK", "message": "Successfully queried the " + s.Type + " API. (stand-in)"})
}

func proxy(w http.ResponseWriter, r *http.Request, s dataSource) {
	target, err := url.Parse(s.URL)
	if err != nil {
		message(w, http.StatusBadGateway, err.Error())
		return
	}
	forward := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.Out.URL.Path, p.Out.URL.RawPath = "/"+r.PathValue("path"), ""
		p.SetURL(target)
		// The admin's password is Grafana's own affair.
		p.Out.Header.Del("Authorization")
	}}
	forward.ServeHTTP(w, r)
}

func (a *api) listDashboards(w http.ResponseWriter, _ *http.Request) {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	found := []map[string]string{}
	for _, d := range a.dashboards {
		found = append(found, map[string]string{"uid": d.UID, "title": d.Title, "type": "dash-db", "url": "/d/" + d.UID})
	}
	standin.JSON(w, 200, found)
}

func (a *api) showDashboard(w http.ResponseWriter, r *http.Request) {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	for _, d := range a.dashboards {
		if d.UID == r.PathValue("uid") {
			standin.JSON(w, 200, map[string]any{"dashboard": d.model, "meta": map[string]any{"provisioned": true}})
			return
		}
	}
	if all, err := a.data.read(); err == nil && all.Dashboards[r.PathValue("uid")] != nil {
		standin.JSON(w, 200, map[string]any{"dashboard": all.Dashboards[r.PathValue("uid")], "meta": map[string]any{"provisioned": false}})
		return
	}
	message(w, http.StatusNotFound, "Dashboard not found")
}

func (a *api) reload(w http.ResponseWriter, r *http.Request) {
	if err := a.provision(); err != nil {
		message(w, http.StatusInternalServerError, err.Error())
		return
	}
	kind := r.PathValue("kind")
	message(w, 200, strings.ToUpper(kind[:1])+kind[1:]+" config reloaded")
}
