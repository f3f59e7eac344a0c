"""What was measured, and what was hoped for: as markdown tables and as JSON."""
import json
import statistics

WHO = ("healthz", "nginx", "HAProxy", "Go", "C")


class Goal:
    """At most (or at least) `factor` times what `rival` needs in the same run; without a rival, `factor` itself."""

    def __init__(self, factor, rival=None, at_least=False):
        self.factor, self.rival, self.at_least = factor, rival, at_least

    def text(self):
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.factor:g}" + (f" × {self.rival}" if self.rival else "")

    def judge(self, medians):
        """The figure that the goal is about, and whether it is reached; None where the rival was not measured."""
        if "healthz" not in medians or (self.rival and not medians.get(self.rival)):
            return None
        figure = medians["healthz"] / medians[self.rival] if self.rival else medians["healthz"]
        return figure, figure >= self.factor if self.at_least else figure <= self.factor


class Results:
    def __init__(self):
        self.sections = {}
        self.goals = {}
        self.about = {}

    def note(self, section, work, who, value):
        self.sections.setdefault(section, {}).setdefault(work, {}).setdefault(who, []).append(value)

    def expect(self, section, work, goal):
        self.goals[section, work] = goal

    def markdown(self):
        return "\n".join(self._table(section, works) for section, works in self.sections.items())

    def _table(self, section, works):
        columns = [who for who in WHO if any(who in work for work in works.values())]
        lines = [f"### {section}", "", f"| {' | '.join(['measured', *columns, 'goal', 'reached'])} |"]
        lines.append("| " + " | ".join(["---"] * (len(columns) + 3)) + " |")
        for work, values in works.items():
            cells = [cell(values[who]) if who in values else "" for who in columns]
            lines.append(f"| {' | '.join([work, *cells, *self._reached(section, work, values)])} |")
        return "\n".join(lines) + "\n"

    def _reached(self, section, work, values):
        goal = self.goals.get((section, work))
        if not goal:
            return "", ""
        judged = goal.judge({who: statistics.median(seen) for who, seen in values.items()})
        if not judged:
            return goal.text(), "not measured"
        figure, reached = judged
        return goal.text(), f"{'yes' if reached else '**no**'}: {brief(figure)}"

    def json(self):
        rows = []
        for section, works in self.sections.items():
            for work, values in works.items():
                row = {"section": section, "measured": work, "values": values}
                row["medians"] = {who: statistics.median(seen) for who, seen in values.items()}
                goal = self.goals.get((section, work))
                judged = goal and goal.judge(row["medians"])
                if judged:
                    row["goal"] = {"text": goal.text(), "figure": judged[0], "reached": judged[1]}
                rows.append(row)
        return json.dumps({"about": self.about, "rows": rows}, indent=1, ensure_ascii=False) + "\n"


def cell(values):
    median, least, most = statistics.median(values), min(values), max(values)
    return brief(median) if len(values) == 1 else f"{brief(median)} ({brief(least)}-{brief(most)})"


def brief(value):
    """Three figures or so: 0.04, 1.23, 45.6, 118,000."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
