// Placeholder of the real shape, shown only when waiting takes long enough to be noticed.
import { Skeleton } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const noticed = 150;

interface DelayedSkeletonProps {
  rows?: number;
  height?: number;
}

export function DelayedSkeleton({ rows = 1, height = 36 }: DelayedSkeletonProps) {
  const { t } = useTranslation();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), noticed);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div role="status" aria-label={t("common.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height - 12} my={6} radius="sm" />
      ))}
    </div>
  );
}
