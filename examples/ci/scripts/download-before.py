"""Before: download every wheel that the page of the store links."""

import pathlib
import re
import sys
import urllib.parse
import urllib.request

url, version = sys.argv[1:]
page = urllib.request.urlopen(url).read().decode()
folder = pathlib.Path("dist")
folder.mkdir(exist_ok=True)
for link in re.findall(r'href="([^"#]+)', page):
    name = urllib.parse.unquote(link.rpartition("/")[2])
    if name.startswith(f"demo-{version}") and name.endswith((".whl", ".tar.gz")):
        print("downloading", name)
        urllib.request.urlretrieve(urllib.parse.urljoin(url, link), folder / name)
