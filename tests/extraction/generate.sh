#!/usr/bin/env bash
# Builds the articles in content/ with real site generators and themes: generate.sh FOLDER [GENERATOR ...]
# Result: FOLDER/pages/<generator-theme>/<article>.html and .txt (the main content); FOLDER/lists: pages of
# tags, categories, authors and months, under their paths. Tools go to FOLDER/tools.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?a folder}"
dir=$(cd "$1" && pwd)
tools=$dir/tools pages=$dir/pages lists=$dir/lists work=$dir/work python=$dir/tools/python/bin
shift
all="mkdocs sphinx pelican nikola jekyll hugo hexo eleventy govuk vitepress docusaurus starlight wordpress"
mkdir -p "$tools" "$pages" "$work" "$dir/logs"
export PYTHONDONTWRITEBYTECODE=1 ASTRO_TELEMETRY_DISABLED=1 DOCUSAURUS_NO_PERSISTENT_CACHE=1 NO_UPDATE_NOTIFIER=1

# Installs once, and again if the list of packages has changed.
install_python() {
    cmp -s "$here/requirements.txt" "$tools/requirements.txt" && return
    python3 -m venv "$tools/python"
    "$python/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$tools/requirements.txt"
}

install_npm() { # GENERATOR
    mkdir -p "$tools/$1"
    if ! cmp -s "$here/sites/$1/package-lock.json" "$tools/$1/installed.json"; then
        cp "$here/sites/$1/package.json" "$here/sites/$1/package-lock.json" "$tools/$1/"
        (cd "$tools/$1" && npm ci --no-audit --no-fund --loglevel=error)
        cp "$here/sites/$1/package-lock.json" "$tools/$1/installed.json"
    fi
}

install_debian() { # COMMAND PACKAGE ...
    command -v "$1" >/dev/null && return
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${@:2}" >/dev/null
}

fresh() { # GENERATOR: the folder of a site, without results of a previous build
    rm -rf "${work:?}/$1"
    cp -r "$here/sites/$1" "$work/$1"
    [ ! -d "$tools/$1/node_modules" ] || ln -s "$tools/$1/node_modules" "$work/$1/node_modules"
    cd "$work/$1"
}

prepare() { "$python/python" "$here/prepare.py" "$@"; }

build() { # NAME COMMAND ...: one build, with its log
    SECONDS=0
    if ! "${@:2}" >"$dir/logs/$1.log" 2>&1; then
        tail -n 30 "$dir/logs/$1.log" >&2
        echo "$1: the build failed; see $dir/logs/$1.log" >&2
        exit 1
    fi
    echo "$1: $SECONDS s"
}

# Takes the page of each article from a built site.
collect() { # NAME SITE
    local article slug found
    rm -rf "${pages:?}/$1"
    mkdir -p "$pages/$1"
    for article in "$here"/content/*.md; do
        slug=$(basename "$article" .md)
        found=$(find "$2" -path "*/$slug.html" -o -path "*/$slug/index.html")
        [ -f "$found" ] || { echo "$1: not exactly one page of $slug: $found" >&2; exit 1; }
        cp "$found" "$pages/$1/$slug.html"
    done
    "$python/python" "$here/expected.py" "$pages/$1"
    rm -rf "${lists:?}/$1"
    mkdir -p "$lists/$1"
    (cd "$2" && find . -regextype egrep -regex '.*/(tags?|categor(y|ies)|authors?|archives?)/.*\.html' \
        -exec cp --parents {} "$lists/$1" ';')
}

make_mkdocs() {
    fresh mkdocs
    prepare mkdocs .
    for theme in mkdocs readthedocs material dsfr; do
        build "mkdocs-$theme" "$python/mkdocs" build --quiet --config-file "$theme.yml" --site-dir "$PWD/site-$theme"
        collect "mkdocs-$theme" "site-$theme"
    done
}

make_sphinx() {
    fresh sphinx
    prepare sphinx .
    for theme in alabaster furo sphinx_rtd_theme pydata_sphinx_theme sphinx_book_theme; do
        name=sphinx-$(sed 's/sphinx_//; s/_sphinx//; s/_theme//' <<<$theme)
        THEME=$theme build "$name" "$python/sphinx-build" -q -b html . "../sphinx-$theme"
        collect "$name" "../sphinx-$theme"
    done
}

make_pelican() {
    fresh pelican
    prepare pelican content
    for theme in notmyidea simple reflex; do
        THEME=$theme build "pelican-$theme" "$python/pelican" content -o "site-$theme" -s pelicanconf.py
        collect "pelican-$theme" "site-$theme"
    done
}

make_nikola() {
    for theme in bootblog4 base; do
        fresh nikola
        prepare nikola .
        THEME=$theme build "nikola-$theme" "$python/nikola" build
        collect "nikola-$theme" output/artikelen
    done
}

make_jekyll() {
    install_debian jekyll jekyll jekyll-theme-minima
    fresh jekyll
    prepare jekyll .
    build jekyll-minima jekyll build --quiet
    collect jekyll-minima _site
}

make_hugo() {
    install_debian hugo hugo
    fresh hugo
    prepare hugo .
    build hugo-weblog hugo --quiet
    collect hugo-weblog public
}

make_hexo() {
    install_npm hexo
    for theme in landscape next butterfly fluid; do
        fresh hexo
        prepare hexo source
        echo "theme: $theme" >>_config.yml
        build "hexo-$theme" npx --no-install hexo generate
        collect "hexo-$theme" public
    done
}

make_eleventy() {
    install_npm eleventy
    fresh eleventy
    prepare eleventy content
    build eleventy-rijk npx --no-install eleventy --quiet
    collect eleventy-rijk public
}

make_govuk() {
    install_npm eleventy
    fresh eleventy
    prepare govuk content-govuk
    build eleventy-govuk npx --no-install eleventy --quiet --config=govuk.config.js
    collect eleventy-govuk public-govuk
}

make_vitepress() {
    install_npm vitepress
    fresh vitepress
    prepare vitepress docs
    build vitepress-default npx --no-install vitepress build docs
    collect vitepress-default docs/.vitepress/dist
}

make_docusaurus() {
    install_npm docusaurus
    fresh docusaurus
    prepare docusaurus .
    build docusaurus-classic npx --no-install docusaurus build --no-minify
    collect docusaurus-docs build/docs
    collect docusaurus-blog build/blog
}

make_starlight() {
    install_npm starlight
    fresh starlight
    prepare starlight src/content/docs
    build starlight-default npx --no-install astro build
    collect starlight-default dist
}

# WordPress is started by a script beside the repository, so this set is made only where that script is.
make_wordpress() {
    local script=${WORDPRESS_SCRIPT:-$here/../../../shared/upstreams/wordpress.sh} site=$tools/wordpress/site address
    [ -f "$script" ] || { echo "skipped: no WordPress here; set WORDPRESS_SCRIPT" >&2; return; }
    fresh wordpress
    prepare wordpress .
    address=$(bash "$script" start "$tools/wordpress" "${WORDPRESS_PORT:-8097}" | tail -n 1)
    trap "bash '$script' stop '$tools/wordpress'" EXIT
    for theme in twentytwentyone twentytwentytwo twentytwentythree; do
        [ -d "$site/wp-content/themes/$theme" ] && continue
        (cd "$work/wordpress" && apt-get download -qq "wordpress-theme-$theme" && dpkg-deb -x ./"wordpress-theme-$theme"_*.deb .)
        cp -rL "$work/wordpress/usr/share/wordpress/wp-content/themes/$theme" "$site/wp-content/themes/"
    done
    cp -r images "$site/wp-content/uploads/"
    bash "$script" php "$tools/wordpress" "$PWD/seed.php" "$PWD/articles.json"
    for theme in twentytwentyone twentytwentytwo twentytwentythree; do
        bash "$script" php "$tools/wordpress" "$PWD/theme.php" "$theme"
        build "wordpress-$theme" fetch "$address" "site-$theme"
        collect "wordpress-$theme" "site-$theme"
    done
}

fetch() { # ADDRESS FOLDER
    local article slug
    mkdir -p "$2"
    for article in "$here"/content/*.md; do
        slug=$(basename "$article" .md)
        curl -sSf --max-time 30 -o "$2/$slug.html" "$1$slug/"
    done
}

install_python
for generator in ${*:-$all}; do "make_$generator"; done
"$python/python" "$here/check.py" "$pages"
