-- SPDX-License-Identifier: Apache-2.0
-- What pandoc leaves undone: links between the documents end in .html or .txt as the documents do,
-- links out of docs/format lead back into the tree, and sections are numbered in plain text too.
local plain = FORMAT == "plain"
local counts = {}

function Link(link)
  if link.target:match("^%.%./") then
    link.target = "../../docs/" .. link.target:sub(4)
  elseif not link.target:match("^%a[%w+.-]*:") then
    link.target = link.target:gsub("%.md(#?)", (plain and ".txt" or ".html") .. "%1", 1)
  end
  return link
end

function Header(header)
  if not plain then
    return nil
  end
  counts[header.level] = (counts[header.level] or 0) + 1
  for deeper = header.level + 1, 6 do
    counts[deeper] = 0
  end
  local number = {}
  for level = 1, header.level do
    number[level] = tostring(counts[level] or 0)
  end
  table.insert(header.content, 1, pandoc.Space())
  table.insert(header.content, 1, pandoc.Str(table.concat(number, ".")))
  return header
end
