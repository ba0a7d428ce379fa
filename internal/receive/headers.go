package receive

import (
	"net/http"
	"regexp"
	"strings"

	"hls/internal/hls"
)

var (
	eventPattern    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	deliveryPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	hookPattern     = regexp.MustCompile(`^[0-9]{1,20}$`)
	keptPattern     = regexp.MustCompile(`^[ -~]{1,256}$`)
)

// kept are the headers that are stored. GitHub once sent secrets in one, so the list names what is kept and
// not what is dropped.
var kept = []string{
	"X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID",
	"X-GitHub-Hook-Installation-Target-ID", "X-GitHub-Hook-Installation-Target-Type",
	"User-Agent", "Content-Type",
}

// identify reads the event's name and the delivery's id, each from exactly one header.
func identify(header http.Header, d *hls.Delivery) *ending {
	event, delivery := single(header, "X-GitHub-Event"), single(header, "X-GitHub-Delivery")
	if !eventPattern.MatchString(event) {
		return reject(http.StatusBadRequest, "event_header_malformed")
	}
	if !deliveryPattern.MatchString(delivery) || strings.HasPrefix(delivery, hls.SweptID) { // These are a sweep's to make.
		return reject(http.StatusBadRequest, "delivery_header_malformed")
	}
	d.Event, d.ID = event, delivery
	return nil
}

// keep returns the headers to store, and the hook's id. None of them is signed.
func keep(header http.Header) (hookID string, headers map[string]string) {
	headers = make(map[string]string, len(kept))
	for _, name := range kept {
		if v := single(header, name); keptPattern.MatchString(v) {
			headers[name] = v
		}
	}
	if id := headers["X-GitHub-Hook-ID"]; hookPattern.MatchString(id) {
		hookID = id
	}
	return hookID, headers
}

// single is the value of a header that came exactly once, and otherwise "".
func single(header http.Header, name string) string {
	values := header.Values(name)
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
