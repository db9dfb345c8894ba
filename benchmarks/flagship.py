"""Pictures and tables of benchmarks/figures.py, from {algorithm: {world: [report or RunFailed]}}."""
import bench
import svg
import worlds

PANEL_WIDTH, PANEL_HEIGHT, GAP, LEFT, TOP = 245, 215, 14, 62, 124
NOTES = (f"Test loss against virtual time: {worlds.WORKERS} workers train the same small network on generated "
         "pictures of digits, in four simulated worlds. Lower and further to the left is better.",
         f"Each row colours one family of algorithms, the others are grey; dashed: the target loss, "
         f"{worlds.TARGET_LOSS:g}. A curve ends when all samples are used.",
         "A hundredth of the usual bandwidth: messages weigh as much as those of a model of 5 million parameters. "
         "One learning rate for each algorithm, the best for equal workers.")


def reports_of(runs):
    return [run for run in runs if not isinstance(run, bench.RunFailed)]


def curve(runs):
    """(virtual seconds, test loss) at each evaluation, median over the seeds; from the first one on."""
    lists = [report["evaluations"] for report in reports_of(runs)]
    count = min((len(evaluations) for evaluations in lists), default=0)
    return [(bench.median([e[i]["seconds"] for e in lists]), bench.median([e[i]["loss"] for e in lists]))
            for i in range(count)]


def present(results):
    """[(family, its algorithms that have results)]"""
    return [(family, [name for name in names if name in results]) for family, names in bench.FAMILIES.items()]


def draw_curves(results, path):
    curves = {name: {world: curve(runs) for world, runs in of_world.items()} for name, of_world in results.items()}
    points = [p for of_world in curves.values() for c in of_world.values() for p in c]
    low, high = min(p[0] for p in points), max(p[0] for p in points)
    floor = 0.9 * min(p[1] for p in points)
    families = [family for family in present(results) if family[1]]
    width = LEFT + len(worlds.WORLDS) * (PANEL_WIDTH + GAP) + 165
    height = TOP + len(families) * (PANEL_HEIGHT + 40) + 20
    drawing = svg.Drawing(width, height, NOTES[0])
    drawing.text(LEFT, 24, "Every algorithm, one workload, four worlds", 18, bold=True)
    for index, note in enumerate(NOTES):
        drawing.text(LEFT, 44 + 16 * index, note, 12, colour=svg.SOFT)
    for column, (world, title, what, _) in enumerate(worlds.WORLDS):
        left = LEFT + column * (PANEL_WIDTH + GAP)
        drawing.text(left, TOP - 22, title, 13, bold=True)
        drawing.text(left, TOP - 8, what, 10.5, colour=svg.SOFT)
        for row, (_, names) in enumerate(families):
            top = TOP + row * (PANEL_HEIGHT + 40)
            x = svg.Scale(low, high, left, left + PANEL_WIDTH)
            y = svg.Scale(floor, 2.5, top + PANEL_HEIGHT, top)
            panel(drawing, x, y, column == 0, {name: of_world[world] for name, of_world in curves.items()}, names)
    for row, (family, names) in enumerate(families):
        top = TOP + row * (PANEL_HEIGHT + 40)
        drawing.text(14, top + PANEL_HEIGHT / 2, "test loss", 11, "middle", svg.SOFT, turn=-90)
        drawing.text(LEFT, top + PANEL_HEIGHT + 28, "virtual seconds (logarithmic)", 11, colour=svg.SOFT)
        legend(drawing, width - 155, top, family, names)
    drawing.save(path)


def panel(drawing, x, y, first, curves, names):
    svg.axes(drawing, x, y, labels_y=first)
    drawing.line(x.start, y(worlds.TARGET_LOSS), x.end, y(worlds.TARGET_LOSS), svg.INK, 1, "4,3")
    for name, points in curves.items():
        if name not in names:
            drawing.curve([(x(s), y(loss)) for s, loss in points], "#cfcfcf", 0.8)
    for index, name in enumerate(names):
        colour, dashes = svg.look(index)
        drawing.curve([(x(s), y(loss)) for s, loss in curves[name]], colour, 1.6, dashes)


def legend(drawing, left, top, family, names):
    drawing.text(left, top + 6, family, 13, bold=True)
    for index, name in enumerate(names):
        colour, dashes = svg.look(index)
        line = top + 22 + 13.2 * index
        drawing.line(left, line - 3.5, left + 26, line - 3.5, colour, 2, dashes)
        drawing.text(left + 32, line, name, 11)


def spread(runs, measure):
    """(least, median, greatest) over the seeds, None for never; None where no run ended."""
    values = [measure(report) for report in reports_of(runs)]
    if not values:
        return None
    reached = [value for value in values if value is not None]
    return (min(reached, default=None), bench.median(values), max(reached, default=None))


def draw_times(results, time_to_target, path):
    """One row an algorithm, one column a world: dots of the time to the target, and of the bytes."""
    names = [name for _, family in present(results) for name in family]
    spreads = {(n, w): spread(results[n][w], time_to_target) for n in names for w, *_ in worlds.WORLDS}
    known = [value for s in spreads.values() if s for value in s if value is not None]
    sizes = {name: spread(results[name]["uniform"], bench.total_bytes) for name in names}
    row, panel_width, left, top = 16, 190, 130, 112
    bottom = top + row * (len(names) + 3)
    drawing = svg.Drawing(left + 5 * (panel_width + GAP) + 10, bottom + 48, "Time to the target loss")
    drawing.text(14, 24, f"Time to a test loss of {worlds.TARGET_LOSS:g}, and bytes", 18, bold=True)
    drawing.text(14, 44, "Dot: median of the seeds; bar: all of them; cross at the right edge: not reached. Further "
                 "to the left is better. Grey line: the fastest of the column.", 12, colour=svg.SOFT)
    columns = [(title, what, {n: spreads[n, w] for n in names}, known, "virtual seconds (logarithmic)", 1)
               for w, title, what, _ in worlds.WORLDS]
    columns.append(("Bytes moved", "equal workers, the whole run", sizes,
                    [s[1] / 1e9 for s in sizes.values() if s], "GB (logarithmic)", 1e9))
    for index, (title, what, values, scale_of, unit, divisor) in enumerate(columns):
        start = left + index * (panel_width + GAP)
        x = svg.Scale(0.8 * min(scale_of), 1.25 * max(scale_of), start, start + panel_width - 14)
        drawing.text(start, top - 34, title, 13, bold=True)
        drawing.text(start, top - 20, what, 10.5, colour=svg.SOFT)
        drawing.text(start, bottom + 30, unit, 11, colour=svg.SOFT)
        for tick in x.ticks():
            drawing.line(x(tick), top - 8, x(tick), bottom)
            drawing.text(x(tick), bottom + 13, svg.plain(tick), 10, "middle", svg.SOFT)
        reached = [s[1] for s in values.values() if s and s[1] is not None]
        if reached:
            drawing.line(x(min(reached) / divisor), top - 8, x(min(reached) / divisor), bottom, "#888888", 1, "3,2")
        dots(drawing, results, x, values, divisor, top, row, index == 0)
    drawing.save(path)


def dots(drawing, results, x, values, divisor, top, row, labelled):
    y = top
    for index, (family, names) in enumerate(present(results)):
        colour = svg.PALETTE[index]
        if labelled:
            drawing.text(14, y + 4, family, 11.5, bold=True, colour=colour)
        y += row
        for name in names:
            if labelled:
                drawing.text(122, y + 4, name, 11, "end")
            drawing.line(x.start, y, x.end, y)
            found = values[name]
            if found is None or found[1] is None:
                drawing.text(x.end, y + 4, "failed" if found is None else "\u00d7", 11, "end", colour)
            if found is not None and found[1] is not None:
                drawing.line(x(found[0] / divisor), y, x(found[2] / divisor), y, colour, 3)
                drawing.dot(x(found[1] / divisor), y, colour)
            y += row


def cell(runs, measure, form):
    found = spread(runs, measure)
    if found is None:
        return "failed"
    return "not reached" if found[1] is None else form(found[1])


def write_tables(results, time_to_target, path):
    quantities = (
        (f"Virtual seconds to a test loss of {worlds.TARGET_LOSS:g}: less is better", time_to_target,
         lambda value: f"{value:.0f}"),
        ("Test accuracy at the end of the run, in per cent: more is better",
         lambda report: report["final"]["eval_accuracy"], lambda value: f"{100 * value:.1f}"),
        ("Bytes moved in the whole run, in GB (1e9): less is better", bench.total_bytes,
         lambda value: f"{value / 1e9:.2f}"),
        ("Time that workers waited, in per cent", lambda report: report["wait_fraction"],
         lambda value: f"{100 * value:.0f}"),
    )
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(introduction(results))
        for title, measure, form in quantities:
            head = ["algorithm", "lr"] + [title_of for _, title_of, *_ in worlds.WORLDS]
            rows = []
            for family, names in present(results):
                rows += [[f"**{family}**"] + [""] * (len(head) - 1)] if names else []
                rows += [[f"`{name}`", f"{worlds.LEARNING_RATE.get(name, worlds.OTHER_RATE):g}"]
                         + [cell(results[name][world], measure, form) for world, *_ in worlds.WORLDS]
                         for name in names]
            file.write(f"\n## {title}\n\n{bench.table(head, rows)}")
        file.write(failures(results))


def introduction(results):
    seeds = max(len(runs) for of_world in results.values() for runs in of_world.values())
    return f"""# Every algorithm, one workload, four worlds

Written by `make figures`; do not edit. [Curves](flagship.svg), [times and bytes](flagship-times.svg).

{worlds.__doc__.strip().partition(chr(10))[2].strip()}

{worlds.WORKERS} workers, {worlds.SETTINGS["training.batch"]} samples a batch, plain SGD at a constant rate, {worlds.SETTINGS["job.epochs"]} passes over {worlds.SETTINGS["data.train"]:,} pictures, evaluated on
{worlds.SETTINGS["data.test"]:,} others; median of {seeds} seeds. The learning rate of each algorithm (lr) is the best of
{", ".join(f"{rate:g}" for rate in worlds.RATES)} in the world of equal workers, and the same in all four worlds. All other options are
defaults; nothing is compressed, but `choco` sends its differences by top-k.
"""


def failures(results):
    told = {}
    for name, of_world in results.items():
        for world, runs in of_world.items():
            for run in runs:
                if isinstance(run, bench.RunFailed):
                    told.setdefault((name, str(run)), []).append(world)
    if not told:
        return ""
    lines = [f"* `{name}` ({', '.join(dict.fromkeys(where))}): {sentence}" for (name, sentence), where in told.items()]
    return "\n## Runs that failed\n\n" + "\n".join(lines) + "\n"
