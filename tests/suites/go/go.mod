module ways

go 1.20
