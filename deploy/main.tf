# The bucket, the BigQuery dataset, and an account with no more rights than WattIf needs: terraform apply
terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0"
    }
  }
}

variable "project" { type = string }
variable "bucket" { type = string }
variable "location" {
  type    = string
  default = "us-central1"
}

provider "google" {
  project = var.project
  region  = var.location
}

resource "google_storage_bucket" "lake" {
  name                        = var.bucket
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  lifecycle_rule { # parts of uploads that were broken off
    condition { age = 7 }
    action { type = "AbortIncompleteMultipartUpload" }
  }
}

resource "google_bigquery_dataset" "warehouse" {
  dataset_id = "wattif"
  location   = var.location
}

resource "google_service_account" "wattif" {
  account_id = "wattif"
}

resource "google_storage_bucket_iam_member" "objects" { # reads, writes and removes objects of this bucket alone
  bucket = google_storage_bucket.lake.name
  role   = "roles/storage.objectAdmin"
  member = google_service_account.wattif.member
}

resource "google_bigquery_dataset_iam_member" "tables" {
  dataset_id = google_bigquery_dataset.warehouse.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.wattif.member
}

resource "google_project_iam_member" "jobs" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.wattif.member
}
