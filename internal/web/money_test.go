package web

import (
	"fmt"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
)

// However many models and repositories there are, those that cost the most are named and nothing is left out of the sum.
func TestBillsAreBounded(t *testing.T) {
	t.Parallel()
	bills, spend := map[string]record.Bill{}, map[string]int64{}
	for i := range int64(100) {
		bills[fmt.Sprint("m", i)] = record.Bill{Calls: 2, MicroUSD: i * 1000}
		spend[fmt.Sprint("o/r", i)] = i * 1000
	}
	c := record.Stats{Models: bills, RepoSpend: spend, Calls: 210, Spend: hls.Usage{CostMicroUSD: 5_000_000}}
	byModel, byRepo := named(c.Models, total(c)), payers(c)
	var calls int64
	var dollars, paid float64
	for _, b := range byModel {
		calls, dollars = calls+b.RequestsMade, dollars+b.CostUSD
	}
	for _, b := range byRepo {
		paid += b
	}
	near := func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
	if len(byModel) != mostNamed+1 || calls != 210 || !near(dollars, 5) || byModel["m99"] != (BillStats{2, 0.099}) {
		t.Errorf("%d models, %d calls, %v dollars: %v", len(byModel), calls, dollars, byModel)
	}
	if len(byRepo) != mostNamed+1 || !near(paid, 5) || !near(byRepo["o/r99"], 0.099) {
		t.Errorf("%d repositories, %v dollars: %v", len(byRepo), paid, byRepo)
	}
	all := named(map[string]record.Bill{"m": {Calls: 1, MicroUSD: 5}}, record.Bill{Calls: 1, MicroUSD: 5})
	if _, more := all[other]; more || len(all) != 1 {
		t.Errorf("%v", all)
	}
}

func TestCostPerEffect(t *testing.T) {
	t.Parallel()
	effects := map[string]int64{
		"add_labels/done": 3, "upsert_comment/done": 1, "create_review/failed": 5, "add_labels/intent": 9, "add_reaction/done": 7,
	}
	if got := costPerEffect(record.Stats{Spend: hls.Usage{CostMicroUSD: 8_000_000}, Effects: effects}); got != 2 {
		t.Errorf("%v dollars for each of 4 effects", got)
	}
	if got := costPerEffect(record.Stats{Spend: hls.Usage{CostMicroUSD: 8}}); got != 0 {
		t.Errorf("%v dollars for none", got)
	}
}

// The step is that of the cap that is used the most, the same as reservations are measured by.
func TestBudgetStep(t *testing.T) {
	t.Parallel()
	caps := hls.Budget{DailyUSD: 10, MonthlyUSD: 100, Ladder: hls.Ladder{CheaperAt: 0.8, LabelsOnlyAt: 0.9, CommandReserve: 0.1}}
	s := &Server{deps: Deps{Budget: func() hls.Budget { return caps }}}
	for _, c := range []struct {
		day, month record.Money
		want       string
	}{
		{record.Money{}, record.Money{}, "as_asked"},
		{record.Money{All: 7_199_999}, record.Money{All: 71_999_999}, "as_asked"},
		{record.Money{All: 7_200_000, Open: 7_200_000}, record.Money{}, "cheaper"},
		{record.Money{}, record.Money{All: 72_000_000}, "cheaper"},
		{record.Money{All: 8_100_000}, record.Money{All: 72_000_000}, "labels_only"},
		{record.Money{All: 8_100_000}, record.Money{All: 90_000_000}, "waiting"},
	} {
		got, step := s.budget(record.Stats{Today: c.day, Month: c.month})
		if got.Step != c.want || steps[step] != c.want {
			t.Errorf("%+v, %+v: %s, want %s", c.day, c.month, got.Step, c.want)
		}
		if got.Day.CapUSD != 10 || got.Day.OrdinaryUSD != 9 || got.Day.UsedUSD != usd(c.day.All) || got.Month.ReservedUSD != usd(c.month.Open) {
			t.Errorf("%+v", got)
		}
	}
	if got, _ := (&Server{}).budget(record.Stats{Today: record.Money{All: 1 << 50}}); got.Step != "as_asked" || got.Day.CapUSD != 0 {
		t.Errorf("without caps: %+v", got)
	}
}
