package fleetsim

import (
	"fmt"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
)

// The picture: one row for each rule, with what arrives at the server above what it
// answers, in attempts and calls a second.
const (
	width, left     = 720, 16
	row, rowHeight  = 118, 74
	fromDown, until = 10, 60 // seconds before the outage, and in all
	mostShown       = 45_000.0
)

// Draw draws the curves as an SVG, in the order in which they were made.
func Draw(curves []Curve) string {
	var b strings.Builder
	height := len(curves)*row + 34
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="What arrives at a server and what it answers, for six rules of retrying">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="20" fill="#555">a second: <tspan fill="#c2410c">attempts sent</tspan>, <tspan fill="#15803d">calls answered</tspan>; grey: the server is down for 30 s</text>`+"\n", left)
	for i, c := range curves {
		c.draw(&b, 34+i*row)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (c *Curve) draw(b *strings.Builder, top int) {
	first := int(c.Fleet.Down/plan.Second) - fromDown
	x := func(second int) float64 { return left + float64(second*(width-2*left))/until }
	y := func(n int) float64 {
		shown := min(float64(n)*100_000/float64(c.Fleet.Pages), mostShown)
		return float64(top+22+rowHeight) - shown/mostShown*rowHeight
	}
	down := int((c.Fleet.Up - c.Fleet.Down) / plan.Second)
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="600" fill="#222">%s</text>`+"\n", left, top+14, c.Name)
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#eee"/>`+"\n", x(fromDown), top+22, x(fromDown+down)-x(fromDown), rowHeight)
	fmt.Fprintf(b, `<path d="M%d %dH%d" stroke="#bbb"/>`+"\n", left, top+22+rowHeight, width-left)
	for _, line := range []struct {
		color string
		of    func(s Second) int
	}{{"#c2410c", func(s Second) int { return s.Attempts }}, {"#15803d", func(s Second) int { return s.Answered }}} {
		var points strings.Builder
		for s := range until {
			fmt.Fprintf(&points, "%.1f,%.1f ", x(s), y(line.of(c.Seconds[first+s])))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(points.String()), line.color)
	}
}
