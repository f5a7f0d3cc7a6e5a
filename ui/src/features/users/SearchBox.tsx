// The box in which a search is typed; the address follows a moment later, and leads when it changes by itself.
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

import classes from "./SearchBox.module.css";

const pause = 150;

interface SearchBoxProps {
  label: string;
  placeholder: string;
  search: string;
  onSearch: (text: string) => void;
}

export function SearchBox({ label, placeholder, search, onSearch }: SearchBoxProps) {
  const [typed, setTyped] = useState(search);
  const [known, setKnown] = useState(search);
  const [sent, setSent] = useState(search);
  // The address changed by other means than typing: back, forward, or a cleared search.
  if (known !== search) {
    setKnown(search);
    if (search !== sent) setTyped(search);
  }
  const tell = useDebouncedCallback((text: string) => {
    setSent(text.trim());
    onSearch(text.trim());
  }, pause);
  return (
    <TextInput
      type="search"
      className={classes.search ?? ""}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={16} stroke={1.5} aria-hidden="true" />}
      rightSection={typed === "" ? <kbd className={classes.key}>/</kbd> : null}
      value={typed}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}
