package github

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"sync"
)

const (
	maxCached      = 32 << 20 // bytes of bodies
	maxCachedEntry = 1 << 20
)

// entry is an answer kept for conditional requests ("Best practices for using the REST API"), which do not count
// against the rate limit while it holds good.
type entry struct {
	key    string
	etag   string
	header http.Header
	body   []byte
}

func (e entry) size() int { return len(e.body) + len(e.key) + 1024 } // headers are about a kilobyte

// answer is the kept answer, with the new one's word on limits.
func (e entry) answer(fresh *http.Response) *http.Response {
	_ = fresh.Body.Close()
	header := e.header.Clone()
	for name, values := range fresh.Header {
		if name != "Content-Length" && name != "Content-Encoding" && name != "Content-Type" {
			header[name] = values
		}
	}
	fresh.Header = header
	fresh.StatusCode, fresh.Status = http.StatusOK, "200 OK"
	fresh.ContentLength = int64(len(e.body))
	fresh.Body = io.NopCloser(bytes.NewReader(e.body))
	return fresh
}

// cache keeps the answers used last within a bound of bytes. It is safe for concurrent use.
type cache struct {
	most int

	mu      sync.Mutex
	size    int
	order   *list.List // of entry, the last used first
	entries map[string]*list.Element
}

func newCache(most int) *cache {
	return &cache{most: most, order: list.New(), entries: map[string]*list.Element{}}
}

func (c *cache) find(key string) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[key]
	if !ok {
		return entry{}, false
	}
	c.order.MoveToFront(element)
	return element.Value.(entry), true
}

func (c *cache) store(key string, e entry) {
	e.key = key
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.drop(old)
	}
	c.entries[key] = c.order.PushFront(e)
	c.size += e.size()
	for c.size > c.most {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(element *list.Element) {
	e := c.order.Remove(element).(entry)
	delete(c.entries, e.key)
	c.size -= e.size()
}
