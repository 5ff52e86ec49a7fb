#!/usr/bin/env python3
"""Measures other programs with the documents and queries of `cargo bench -- searching`.

usage: others.py [COUNT]

PostgreSQL full text (Debian's `postgresql`), in a cluster of its own in a temporary folder; `meilisearch`,
if it is on the PATH; `hive-router`, if it is on the PATH, by `cargo bench -- federation`. A program that is
not installed is skipped. Each search is sent once over one connection, after a warm-up.
"""
import csv, glob, http.client, json, os, re, shutil, socket, subprocess, sys, tempfile, time

QUERIES = 600
# Length of the searches in SQL by which PostgreSQL is warmed up; they take longer than elsewhere.
WARM_UP = 2_000
REPOSITORY = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SHARED = os.path.join(REPOSITORY, "..", "shared")
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(REPOSITORY, "target"))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    corpus = os.path.join(TARGET, "tmp", f"corpus-{count}.jsonl")
    if not os.path.exists(corpus):
        os.makedirs(os.path.dirname(corpus), exist_ok=True)
        script = os.path.join(SHARED, "bench", "corpus.py")
        subprocess.run([sys.executable, script, corpus, str(count)], check=True)
    with open(os.path.join(SHARED, "relevance", "lo-help-nl", "queries.dev.jsonl")) as lines:
        queries = [json.loads(line)["text"] for line in lines][:QUERIES]
    print(f"{f'{count} documents, {len(queries)} queries':<58}{'median':>11}{'p99':>11}")
    calibrate()
    postgresql(corpus, queries)
    meilisearch(corpus, queries)
    hive_router()
    calibrate()


def row(name, times, note=""):
    """Prints median and 99th percentile of times in milliseconds."""
    times = sorted(times)
    at = lambda percent: f"{times[(len(times) - 1) * percent // 100]:.2f} ms"
    print(f"{name:<58}{at(50):>11}{at(99):>11}  {note}", flush=True)


def calibrate():
    def loop():
        began = time.perf_counter()
        sum(number * number for number in range(1_000_000))
        return (time.perf_counter() - began) * 1000
    row("a fixed loop (calibration)", [loop() for _ in range(20)])


def progress(what):
    print(f"... {what}", file=sys.stderr, flush=True)


def documents(corpus):
    with open(corpus) as lines:
        for line in lines:
            yield json.loads(line)


def postgresql(corpus, queries):
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not folders or not shutil.which("psql"):
        return print("PostgreSQL: skipped, `postgresql` is not installed")
    # The server does not run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    programs = folders[-1]
    with tempfile.TemporaryDirectory() as folder:
        if as_user:
            shutil.chown(folder, "postgres")
        data = os.path.join(folder, "data")
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run(as_user + [f"{programs}/initdb", "-D", data, "-U", "bench", "-A", "trust",
                                  "-E", "UTF8", "--locale=C.UTF-8"], **quiet)
        # As much memory as the documents need; no network.
        options = f"-k {folder} -c listen_addresses= -c shared_buffers=1GB -c maintenance_work_mem=512MB"
        subprocess.run(as_user + [f"{programs}/pg_ctl", "-D", data, "-w", "-o", options, "-l",
                                  os.path.join(folder, "log"), "start"], **quiet)
        try:
            search_postgresql(folder, corpus, queries)
        finally:
            subprocess.run(as_user + [f"{programs}/pg_ctl", "-D", data, "-m", "fast", "stop"], **quiet)


def search_postgresql(folder, corpus, queries):
    def psql(script):
        command = ["psql", "-h", folder, "-U", "bench", "-d", "postgres", "-X", "-q", "-A", "-t",
                   "-v", "ON_ERROR_STOP=1"]
        return subprocess.run(command, input=script, check=True, capture_output=True, text=True).stdout

    progress("building the index of PostgreSQL")
    rows = os.path.join(folder, "rows.csv")
    with open(rows, "w", newline="") as out:
        csv.writer(out).writerows((d["key"], d["title"], d["body"]) for d in documents(corpus))
    began = time.perf_counter()
    psql(f"""CREATE TABLE documents (key text, title text, body text, words tsvector GENERATED ALWAYS AS
        (setweight(to_tsvector('dutch', title), 'A') || to_tsvector('dutch', body)) STORED);
        \\copy documents (key, title, body) FROM '{rows}' CSV
        CREATE INDEX ON documents USING gin (words);
        VACUUM ANALYZE documents;""")
    built = time.perf_counter() - began
    progress("searching with PostgreSQL")
    quote = lambda text: "'" + text.replace("'", "''") + "'"
    words = [re.findall(r"\w+", query) for query in queries]
    either = [quote(" OR ".join(words)) for words in words if words]
    searches = "\n".join(f"EXECUTE search({words});" for words in either)
    output = psql(f"""PREPARE search(text) AS SELECT key, title FROM documents,
        websearch_to_tsquery('dutch', $1) AS query WHERE words @@ query
        ORDER BY ts_rank_cd(words, query) DESC LIMIT 10;
        SET plan_cache_mode = force_custom_plan;
        {searches[:searches.index(";", WARM_UP) + 1]}
        \\timing on
        {searches}""")
    times = [float(line.split()[1]) for line in output.splitlines() if line.startswith("Time: ")]
    row("PostgreSQL, any word, ts_rank_cd", times, f"built in {built:.1f} s")


def meilisearch(corpus, queries):
    program = shutil.which("meilisearch")
    if not program:
        return print("Meilisearch: skipped, `meilisearch` is not on the PATH")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([program, "--http-addr", f"127.0.0.1:{port}", "--no-analytics",
                                   "--db-path", os.path.join(folder, "data")], cwd=folder,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            search_meilisearch(port, corpus, queries, server)
        finally:
            server.terminate()
            server.wait()


def search_meilisearch(port, corpus, queries, server):
    for _ in range(300):
        time.sleep(0.1)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def send(method, path, body=None):
        body = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {content[:200]}")
        return json.loads(content)

    def wait(task):
        while (state := send("GET", f"/tasks/{task['taskUid']}")["status"]) != "succeeded":
            if state == "failed":
                raise RuntimeError("a task of Meilisearch failed")
            time.sleep(0.2)

    progress("building the index of Meilisearch")
    began = time.perf_counter()
    wait(send("PATCH", "/indexes/documents/settings", {"searchableAttributes": ["title", "body"]}))
    batch, task = [], None
    for document in documents(corpus):
        batch.append({name: document[name] for name in ("key", "title", "body")})
        if len(batch) == 20_000:
            task, batch = send("POST", "/indexes/documents/documents?primaryKey=key", batch), []
    if batch:
        task = send("POST", "/indexes/documents/documents?primaryKey=key", batch)
    wait(task)
    built = time.perf_counter() - began
    progress("searching with Meilisearch")
    times = []
    for round_ in range(2):
        for words in queries:
            started = time.perf_counter()
            send("POST", "/indexes/documents/search",
                 {"q": words, "limit": 10, "matchingStrategy": "last", "attributesToRetrieve": ["key", "title"]})
            if round_ > 0:
                times.append((time.perf_counter() - started) * 1000)
    with open(f"/proc/{server.pid}/status") as status:
        resident = next(line.split()[1] for line in status if line.startswith("VmRSS:"))
    row("Meilisearch over HTTP", times, f"built in {built:.1f} s, {int(resident) / 1000:.0f} MB resident")


def hive_router():
    program = shutil.which("hive-router")
    if not program:
        return print("hive-router: skipped, `hive-router` is not on the PATH")
    environment = {**os.environ, "WEGWIJZER_HIVE_ROUTER": program}
    subprocess.run(["cargo", "bench", "--", "federation"], cwd=REPOSITORY, env=environment, check=True)


if __name__ == "__main__":
    main()
