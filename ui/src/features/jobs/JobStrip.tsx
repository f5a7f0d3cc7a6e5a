// Long work above the list it is about.
import { JobCard } from "./JobCard";
import { useJobs } from "./queries";

import classes from "./Jobs.module.css";

export function JobStrip() {
  const jobs = useJobs();
  if (jobs.length === 0) return null;
  return (
    <div className={classes.strip}>
      {jobs.map((job) => (
        <JobCard key={job.id} job={job} />
      ))}
    </div>
  );
}
