// A link that looks like a button: it goes somewhere instead of doing something.
import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes } from "react";

type AnchorButtonProps = ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>;

export const LinkButton = createLink((props: AnchorButtonProps) => <Button component="a" {...props} />);
